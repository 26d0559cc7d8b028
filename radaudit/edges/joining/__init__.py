"""From the files of a study to one table: opening, measuring, matching patients, facts, sites and batches, the outcome."""
