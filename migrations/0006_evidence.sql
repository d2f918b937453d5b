CREATE TABLE "archived_histories" (
	"tenant" text NOT NULL,
	"workflow" text NOT NULL,
	"run" text NOT NULL,
	"format" integer NOT NULL,
	"events" integer NOT NULL,
	"stored" "bytea" NOT NULL,
	"sha256" text NOT NULL,
	"sealed_with" text,
	"closed_at" timestamp (3) with time zone NOT NULL,
	"archived_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"keep_until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "archived_histories_tenant_workflow_run_pk" PRIMARY KEY("tenant","workflow","run")
);
--> statement-breakpoint
CREATE TABLE "legal_holds" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"scope" text NOT NULL,
	"name" text NOT NULL,
	"by" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"lifted_at" timestamp (3) with time zone,
	CONSTRAINT "legal_holds_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "policy_log" (
	"tenant" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor" text NOT NULL,
	"outcome" text,
	"node" text,
	"workflow" text NOT NULL,
	"run" text NOT NULL,
	"event" integer NOT NULL,
	"part" integer NOT NULL,
	"text" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "policy_log_tenant_seq_at_pk" PRIMARY KEY("tenant","seq","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "policy_log_checkpoints" (
	"tenant" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"size" bigint NOT NULL,
	"root" "bytea" NOT NULL,
	"note" text NOT NULL,
	"signer" text NOT NULL,
	"public_key" "bytea" NOT NULL,
	CONSTRAINT "policy_log_checkpoints_tenant_at_pk" PRIMARY KEY("tenant","at")
);
--> statement-breakpoint
CREATE TABLE "policy_log_tiles" (
	"tenant" text NOT NULL,
	"level" integer NOT NULL,
	"index" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "policy_log_tiles_tenant_level_index_pk" PRIMARY KEY("tenant","level","index")
);
--> statement-breakpoint
CREATE TABLE "policy_logs" (
	"tenant" text PRIMARY KEY NOT NULL,
	"size" bigint DEFAULT 0 NOT NULL,
	"head" "bytea" NOT NULL,
	"frontier" "bytea" NOT NULL,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "projected_runs" (
	"tenant" text NOT NULL,
	"workflow" text NOT NULL,
	"run" text NOT NULL,
	"kind" text NOT NULL,
	"records" integer NOT NULL,
	"last_event" integer NOT NULL,
	"last_event_at" timestamp (3) with time zone NOT NULL,
	"ended" text,
	"next_run" text,
	"subject_key" text,
	"first_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"projected_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "projected_runs_tenant_workflow_run_pk" PRIMARY KEY("tenant","workflow","run")
);
--> statement-breakpoint
CREATE TABLE "subject_keys" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"subject" text,
	"key" "bytea",
	"wrapped_with" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"destroyed_at" timestamp (3) with time zone,
	CONSTRAINT "subject_keys_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "projected_actions" (
	"tenant" text NOT NULL,
	"outcome" text NOT NULL,
	"node" text NOT NULL,
	"awf" text NOT NULL,
	"runbook" text NOT NULL,
	"domain" text NOT NULL,
	"automation" text,
	"state" text NOT NULL,
	"mode" text,
	"fire" text,
	"confidence" double precision,
	"risk_class" text,
	"risk_score" double precision,
	"reversibility" text NOT NULL,
	"proposed_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"undone_at" timestamp (3) with time zone,
	"undo" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"holds" integer DEFAULT 0 NOT NULL,
	"held_because" text,
	"failure_code" text,
	"failure_class" text,
	"approvals" jsonb NOT NULL,
	"overridden_by" text,
	"cost" jsonb NOT NULL,
	"decision" jsonb,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"seq" bigint NOT NULL,
	CONSTRAINT "projected_actions_tenant_outcome_node_pk" PRIMARY KEY("tenant","outcome","node")
);
--> statement-breakpoint
CREATE TABLE "projected_inbox" (
	"tenant" text NOT NULL,
	"outcome" text NOT NULL,
	"node" text NOT NULL,
	"turn" integer NOT NULL,
	"kind" text NOT NULL,
	"asks" text NOT NULL,
	"asked_of" text[] NOT NULL,
	"entity" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone,
	"closed_as" text,
	"closed_by" text,
	"seq" bigint NOT NULL,
	CONSTRAINT "projected_inbox_tenant_outcome_node_turn_pk" PRIMARY KEY("tenant","outcome","node","turn")
);
--> statement-breakpoint
CREATE TABLE "projected_outcomes" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"outcome" text NOT NULL,
	"runbook" text NOT NULL,
	"version" text NOT NULL,
	"domain" text NOT NULL,
	"automation" text,
	"entity" text NOT NULL,
	"plan_id" text NOT NULL,
	"started_by" text NOT NULL,
	"event" text,
	"person" text,
	"correlation" text,
	"phase" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"residue" text[] NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"seq" bigint NOT NULL,
	CONSTRAINT "projected_outcomes_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE INDEX "archived_histories_by_end" ON "archived_histories" USING btree ("tenant","closed_at");--> statement-breakpoint
CREATE INDEX "archived_histories_by_keep" ON "archived_histories" USING btree ("keep_until");--> statement-breakpoint
CREATE INDEX "policy_log_by_time" ON "policy_log" USING btree ("tenant","at");--> statement-breakpoint
CREATE INDEX "policy_log_by_outcome" ON "policy_log" USING btree ("tenant","outcome","seq");--> statement-breakpoint
CREATE INDEX "policy_log_by_kind" ON "policy_log" USING btree ("tenant","kind","seq");--> statement-breakpoint
CREATE INDEX "policy_log_by_run" ON "policy_log" USING btree ("tenant","run","event","part");--> statement-breakpoint
CREATE INDEX "projected_runs_open" ON "projected_runs" USING btree ("tenant","projected_at") WHERE "projected_runs"."ended" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "subject_keys_by_subject" ON "subject_keys" USING btree ("tenant","subject") WHERE "subject_keys"."destroyed_at" is null;--> statement-breakpoint
CREATE INDEX "projected_actions_by_time" ON "projected_actions" USING btree ("tenant","proposed_at");--> statement-breakpoint
CREATE INDEX "projected_actions_by_awf" ON "projected_actions" USING btree ("tenant","awf");--> statement-breakpoint
CREATE INDEX "projected_inbox_open" ON "projected_inbox" USING btree ("tenant","opened_at") WHERE "projected_inbox"."closed_at" is null;--> statement-breakpoint
CREATE INDEX "projected_outcomes_by_start" ON "projected_outcomes" USING btree ("tenant","started_at");--> statement-breakpoint
CREATE INDEX "projected_outcomes_by_entity" ON "projected_outcomes" USING btree ("tenant","entity");--> statement-breakpoint
CREATE INDEX "projected_outcomes_by_phase" ON "projected_outcomes" USING btree ("tenant","phase","started_at");
--> statement-breakpoint
-- What is on record stays as it is. Grants say so to the program, these triggers to whoever owns the tables.
CREATE FUNCTION evidence_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON "policy_log" FOR EACH ROW EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON "policy_log" FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON "policy_log_tiles" FOR EACH ROW EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON "policy_log_tiles" FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON "policy_log_checkpoints" FOR EACH ROW EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON "policy_log_checkpoints" FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
-- An archived history leaves at the end of its time, and not under a legal hold; until then nobody touches it.
CREATE FUNCTION archive_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.keep_until <= now() AND NOT EXISTS (
    SELECT FROM legal_holds h WHERE h.tenant = OLD.tenant AND h.lifted_at IS NULL
      AND (h.scope = 'tenant' OR OLD.workflow = h.name OR OLD.workflow = h.name || '/backstep'))
  THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'an archived history is never changed, and not removed before its time'
    USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON "archived_histories" FOR EACH ROW EXECUTE FUNCTION archive_stays();
--> statement-breakpoint
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON "archived_histories" FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays();
--> statement-breakpoint
COMMENT ON TABLE "policy_log" IS 'append-only: records of the PolicyLog';
--> statement-breakpoint
COMMENT ON TABLE "policy_log_tiles" IS 'append-only: hashes of the tree over the PolicyLog';
--> statement-breakpoint
COMMENT ON TABLE "policy_log_checkpoints" IS 'append-only: signed heads of the PolicyLog';
--> statement-breakpoint
-- Makes room for the months that records belong to. Of the owner, because who writes records makes no tables.
CREATE FUNCTION policy_log_months(p_months date[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  month date;
  part text;
BEGIN
  FOR month IN SELECT DISTINCT date_trunc('month', m)::date FROM unnest(p_months) AS m LOOP
    part := 'policy_log_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    PERFORM pg_advisory_xact_lock(1096111189, 0);
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I PARTITION OF policy_log FOR VALUES FROM (%L) TO (%L)', part,
      to_char(month, 'YYYY-MM-DD') || 'T00:00:00Z', to_char(month + interval '1 month', 'YYYY-MM-DD') || 'T00:00:00Z');
    EXECUTE format('CREATE TRIGGER stays_whole BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays()', part);
    EXECUTE format('COMMENT ON TABLE %I IS %L', part, 'append-only: a month of the PolicyLog');
  END LOOP;
END $$;
--> statement-breakpoint
-- Whose logs there are, for who signs their heads.
CREATE FUNCTION policy_log_tenants() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT tenant FROM policy_logs ORDER BY tenant
$$;
