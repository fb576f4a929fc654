"""Nobody edits the audit log, not by SQL either; and what is changed by hand in Django's admin is copied into it."""

from django.db import migrations

# ALWAYS: also in a session that plays the replica, where other triggers are silent.
APPEND_ONLY = """
CREATE FUNCTION leaderboard_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is added to, never changed: % is refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'the_audit_log_is_append_only';
END $$;
CREATE TRIGGER the_audit_log_is_append_only
    BEFORE UPDATE OR DELETE ON leaderboard_auditentry
    FOR EACH ROW EXECUTE FUNCTION leaderboard_refuse_audit_change();
CREATE TRIGGER the_audit_log_is_never_emptied
    BEFORE TRUNCATE ON leaderboard_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION leaderboard_refuse_audit_change();
ALTER TABLE leaderboard_auditentry ENABLE ALWAYS TRIGGER the_audit_log_is_append_only;
ALTER TABLE leaderboard_auditentry ENABLE ALWAYS TRIGGER the_audit_log_is_never_emptied;
"""
EDITABLE = """
DROP TRIGGER the_audit_log_is_never_emptied ON leaderboard_auditentry;
DROP TRIGGER the_audit_log_is_append_only ON leaderboard_auditentry;
DROP FUNCTION leaderboard_refuse_audit_change;
"""

# Corrections, notes, groups and accounts are changed on pages of Django's admin, which notes each change in a table that
# can be edited. `after` keeps Django's own message: which fields, of which rows.
COPY_OF_ADMIN = """
CREATE FUNCTION leaderboard_copy_admin_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leaderboard_auditentry
        (at, actor_id, actor_name, action, subject_type, subject_id, subject_name, before, after, reason)
    SELECT NEW.action_time, NEW.user_id, actor.username,
           CASE NEW.action_flag WHEN 1 THEN 'added' WHEN 2 THEN 'changed' ELSE 'deleted' END,
           COALESCE(kind.app_label || '.' || kind.model, 'unknown'), COALESCE(NULLIF(NEW.object_id, ''), 'unknown'),
           NEW.object_repr, '{}', jsonb_build_object('admin', NEW.change_message), ''
    FROM auth_user AS actor
    LEFT JOIN django_content_type AS kind ON kind.id = NEW.content_type_id
    WHERE actor.id = NEW.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER changes_by_hand_are_audited
    AFTER INSERT ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION leaderboard_copy_admin_log();
"""
NO_COPY = """
DROP TRIGGER changes_by_hand_are_audited ON django_admin_log;
DROP FUNCTION leaderboard_copy_admin_log;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboard", "0014_audit_log"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(APPEND_ONLY, EDITABLE),
        migrations.RunSQL(COPY_OF_ADMIN, NO_COPY),
    ]
