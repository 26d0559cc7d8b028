"""Law: two scorers that share no code answer every row alike: status, group, codes, and the risk to 1e-9; and never raise."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.models.link import Identity
from radaudit.signature import Scorer
from radaudit.verify.scoring import score
from tests.unit.signature.signature_build import HAZARD, fitted, locked

SIGNATURES = [
    locked(),
    locked(fitted(reference="GE"), unseen="reference"),
    locked(fitted(mean_only=True), unseen="pass", keep=("OSLO",)),
    locked(fitted(harmonised=False), settings={"binWidth": "25"}),
    locked(fitted(link=HAZARD)),
    locked(fitted(link=Identity()), unseen="pass"),
]
cells = st.one_of(
    st.none(),
    st.floats(-2000, 2000),
    st.sampled_from(["", " ", "3.0", "-900", "1e-3", "nan", "inf", "1e999", "1_0", "0,5", "٣", "+.5", "5.", ".", "e5", "0x1", "male"]),
)
near = st.sampled_from([3.0, "2.5", 0.5, "-900", -950.25])
ROW = {
    "original_shape_Sphericity": near | cells,
    "wavelet-LLH_firstorder_Mean": near | cells,
    "original_glcm_Contrast": near | cells,
    "sex": st.sampled_from(["male", "female", " male ", "Male", "", "1"]) | cells,
    "age": st.sampled_from(["60", 41.5, "1e2"]) | cells,
    "Manufacturer": st.sampled_from(["GE", "Siemens", "TOSHIBA", "0", 0.0, "BERGEN", "OSLO", "", "OTHER"]) | st.none(),
    "binWidth": st.sampled_from(["25", 25.0, "32", "", None]),
    "wavelet.LLH_firstorder_Mean": near,
}


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    gone = draw(st.sets(st.sampled_from(sorted(ROW)), max_size=2))
    return {name: draw(strategy) for name, strategy in ROW.items() if name not in gone}


@settings(max_examples=400)
@given(rows(), st.sampled_from(SIGNATURES))
def test_the_two_scorers_agree_on_any_row(row: dict[str, Any], signature: dict[str, Any]) -> None:
    ours = Scorer(signature).score_row(row)
    status, group, codes, risk = score(signature, row)
    assert (ours.status, list(ours.codes)) == (status, codes)
    assert (ours.risk is None) == (risk is None)
    if risk is not None and ours.risk is not None:
        assert math.isclose(ours.risk, risk, rel_tol=1e-9, abs_tol=1e-9)
        at = signature["threshold"]["value"]
        assert ours.group == group or abs(risk - at) < 1e-9


@given(rows(), st.sampled_from(SIGNATURES))
def test_a_scored_row_has_all_it_needs_and_a_refused_one_a_code(row: dict[str, Any], signature: dict[str, Any]) -> None:
    answer = Scorer(signature).score_row(row)
    assert (answer.status == "refused") == (answer.risk is None) == (answer.group == "")
    assert bool(answer.codes) == (answer.status != "scored") == bool(answer.reason)
    assert answer.risk is None or 0.0 <= answer.risk <= 1.0 or signature["steps"][-1]["op"] == "identity"
