"""What the study file of an audit says about what was received: ``audit``. A study of one's own has no such section."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from radaudit.study.columns import Names
from radaudit.study.terms import Number, Section, Text


class Received(Section):
    """Predictions, threshold and figures of someone else's claim."""

    claim: Text = Field(description="The folder or archive that was sent.")
    sha256: Annotated[Text, Field(pattern="^[0-9a-f]{64}$")] = Field(description="Digest of what was sent.")
    predictions: Text | None = Field(None, description="The column of the predicted risk or score.")
    threshold: Number | None = Field(None, description="The cut on the predictions, if one is claimed.")
    selected: Names = Field((), description="The features of the claimed signature, if they were sent.")
    figures: dict[Text, Text] = Field({}, description='Claimed figures as printed, such as auc: "0.81 (0.72 to 0.90)".')
    said: Text | None = Field(None, description="The claim in the words it was sent in.")
