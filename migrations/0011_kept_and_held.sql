ALTER TABLE "archived_histories" ALTER COLUMN "stored" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "place" text;--> statement-breakpoint
ALTER TABLE "legal_holds" ADD COLUMN "from_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "legal_holds" ADD COLUMN "until_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "archived_histories_unplaced" ON "archived_histories" USING btree ("tenant","archived_at") WHERE "archived_histories"."stored" is not null;--> statement-breakpoint
CREATE INDEX "projected_runs_by_key" ON "projected_runs" USING btree ("tenant","subject_key") WHERE "projected_runs"."subject_key" is not null;
--> statement-breakpoint
-- Whether a legal hold in force names a run: all of the tenant, its outcome, whoever it is about, or the time in which something of it
-- happened. p_key: the subject key of the run.
CREATE FUNCTION legally_held(p_tenant text, p_workflow text, p_run text, p_key text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM legal_holds h WHERE h.tenant = p_tenant AND h.lifted_at IS NULL AND CASE h.scope
      WHEN 'outcome' THEN p_workflow IN (h.name, h.name || '/backstep')
      WHEN 'entity' THEN coalesce(p_key = h.name, false)
      WHEN 'time' THEN EXISTS (
        SELECT FROM policy_log l
        WHERE l.tenant = p_tenant AND l.run = p_run AND l.at >= h.from_at AND l.at < h.until_at)
      ELSE true END)
$$;
--> statement-breakpoint
-- Whether a legal hold in force needs a subject key: to read what it names.
CREATE FUNCTION key_legally_held(p_tenant text, p_key text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM legal_holds h WHERE h.tenant = p_tenant AND h.lifted_at IS NULL
      AND (h.scope NOT IN ('outcome', 'entity', 'time') OR (h.scope = 'entity' AND h.name = p_key)))
  OR EXISTS (
    SELECT FROM projected_runs r
    WHERE r.tenant = p_tenant AND r.subject_key = p_key AND legally_held(r.tenant, r.workflow, r.run, r.subject_key))
$$;
--> statement-breakpoint
-- An archived history leaves at the end of its time, and not under a legal hold; until then nobody touches it but who brings its
-- bytes to a place outside, once.
CREATE OR REPLACE FUNCTION archive_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.keep_until <= now()
    AND NOT legally_held(OLD.tenant, OLD.workflow, OLD.run, OLD.sealed_with)
  THEN RETURN OLD; END IF;
  IF TG_OP = 'UPDATE' AND OLD.stored IS NOT NULL AND OLD.place IS NULL AND NEW.stored IS NULL AND NEW.place IS NOT NULL
    AND (to_jsonb(NEW) - 'stored' - 'place') = (to_jsonb(OLD) - 'stored' - 'place')
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an archived history is never changed, and not removed before its time'
    USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
-- A key that a hold needs is not destroyed.
CREATE FUNCTION held_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.key IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.key IS NULL) AND key_legally_held(OLD.tenant, OLD.id)
  THEN RAISE EXCEPTION 'a key under a legal hold is not destroyed' USING ERRCODE = 'restrict_violation'; END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER held_stays BEFORE UPDATE OR DELETE ON "subject_keys" FOR EACH ROW EXECUTE FUNCTION held_key_stays();
