"""What Django's models cannot say: scores fit their cells, results are never changed, and one row per cell as a view."""

from django.db import migrations

SCORES_FIT_CELLS = """
ALTER TABLE leaderboard_taskresult
    ADD CONSTRAINT a_result_fits_its_cell_set
    FOREIGN KEY (cell_set_id, n_cells) REFERENCES leaderboard_cellset (id, size)
    DEFERRABLE INITIALLY DEFERRED;
"""

# The payload is compressed already, and whole.
PAYLOAD_AS_IT_IS = "ALTER TABLE leaderboard_taskresult ALTER COLUMN payload SET STORAGE EXTERNAL;"

# Nobody searches by what stands in these, and gathering statistics of arrays takes seconds.
NO_STATISTICS = """
ALTER TABLE leaderboard_taskresult
    ALTER COLUMN main_scores SET STATISTICS 0, ALTER COLUMN payload SET STATISTICS 0;
ALTER TABLE leaderboard_cellset
    ALTER COLUMN splits SET STATISTICS 0, ALTER COLUMN subsets SET STATISTICS 0, ALTER COLUMN languages SET STATISTICS 0;
"""

# An import stores a hundred thousand files and then marks them all as present: with room on the page, a row stays there.
ROOM_TO_UPDATE = "ALTER TABLE leaderboard_importedfile SET (fillfactor = 50);"

APPEND_ONLY = """
CREATE FUNCTION leaderboard_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'results are facts: they are superseded, never changed or deleted'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'results_are_append_only';
END $$;
CREATE TRIGGER results_are_append_only
    BEFORE UPDATE OR DELETE ON leaderboard_taskresult
    FOR EACH ROW EXECUTE FUNCTION leaderboard_refuse_change();
"""

CELL_SCORES = """
CREATE VIEW leaderboard_cellscore AS
SELECT result.id || '-' || cell.position AS id,
       result.id AS result_id,
       (cell.position - 1)::integer AS position,
       cell.split,
       cell.subset,
       cell_set.languages -> (cell.position - 1)::integer AS languages,
       cell.main_score
FROM leaderboard_taskresult AS result
JOIN leaderboard_cellset AS cell_set ON cell_set.id = result.cell_set_id
CROSS JOIN LATERAL unnest(cell_set.splits, cell_set.subsets, result.main_scores)
    WITH ORDINALITY AS cell (split, subset, main_score, position);
"""


class Migration(migrations.Migration):
    dependencies = [("leaderboard", "0001_facts")]

    operations = [
        migrations.RunSQL(
            SCORES_FIT_CELLS, "ALTER TABLE leaderboard_taskresult DROP CONSTRAINT a_result_fits_its_cell_set;"
        ),
        migrations.RunSQL(PAYLOAD_AS_IT_IS, migrations.RunSQL.noop),
        migrations.RunSQL(NO_STATISTICS, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM_TO_UPDATE, migrations.RunSQL.noop),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER results_are_append_only ON leaderboard_taskresult; DROP FUNCTION leaderboard_refuse_change;",
        ),
        migrations.RunSQL(CELL_SCORES, "DROP VIEW leaderboard_cellscore;"),
    ]
