"""Typo-tolerant search: pg_trgm, the words of names beside the names, and indexes of their trigrams."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

# leaderboard/search_terms.py does the same in Python. Where a name has humps, its words stand there twice: with them
# and cut, so that MiniLM is found as one word and ArguAnaRetrieval as three.
WORDS = r"""
CREATE FUNCTION leaderboard_words(name text, other text DEFAULT '') RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN whole = cut THEN whole ELSE whole || ' ' || cut END
    FROM (
        SELECT btrim(regexp_replace(lower(both_names), '[^[:alnum:]+#]+', ' ', 'g')) AS whole,
               btrim(regexp_replace(lower(regexp_replace(both_names, '([a-z0-9])([A-Z])', '\1 \2', 'g')),
                                    '[^[:alnum:]+#]+', ' ', 'g')) AS cut
        FROM (SELECT name || ' ' || other AS both_names) AS names
    ) AS words
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leaderboard', '0009_task_rows_of_both_scopes'),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(WORDS, "DROP FUNCTION leaderboard_words(text, text);"),
        migrations.AddField(
            model_name='benchmark',
            name='search_words',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.F('name'), models.F('display_name'), function='leaderboard_words'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='language',
            name='search_words',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.F('name'), function='leaderboard_words'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='modelmeta',
            name='search_words',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.F('name'), function='leaderboard_words'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='task',
            name='search_words',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.F('name'), function='leaderboard_words'), output_field=models.TextField()),
        ),
        migrations.AddIndex(
            model_name='benchmark',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_words'], name='board_by_part_of_its_name', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='language',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_words'], name='language_by_part_of_its_name', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='modelmeta',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_words'], name='model_by_part_of_its_name', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='task',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_words'], name='task_by_part_of_its_name', opclasses=['gin_trgm_ops']),
        ),
    ]
