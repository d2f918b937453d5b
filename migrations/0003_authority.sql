CREATE TABLE "authority_tenants" (
	"tenant" text PRIMARY KEY NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"trust" jsonb,
	"trust_imported" jsonb
);
--> statement-breakpoint
CREATE TABLE "authority_breakers" (
	"tenant" text NOT NULL,
	"system" text NOT NULL,
	"state" text NOT NULL,
	"window_from" bigint NOT NULL,
	"calls" integer NOT NULL,
	"failures" integer NOT NULL,
	"probe_at" bigint,
	"probe" text,
	"retry_at" bigint,
	CONSTRAINT "authority_breakers_tenant_system_pk" PRIMARY KEY("tenant","system")
);
--> statement-breakpoint
CREATE TABLE "authority_controls" (
	"tenant" text NOT NULL,
	"scope" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"value" jsonb NOT NULL,
	"by" text NOT NULL,
	"reason" text NOT NULL,
	"at" bigint NOT NULL,
	CONSTRAINT "authority_controls_tenant_scope_name_kind_pk" PRIMARY KEY("tenant","scope","name","kind")
);
--> statement-breakpoint
CREATE TABLE "authority_counters" (
	"tenant" text NOT NULL,
	"key" text NOT NULL,
	"bucket" bigint NOT NULL,
	"used" bigint NOT NULL,
	CONSTRAINT "authority_counters_tenant_key_bucket_pk" PRIMARY KEY("tenant","key","bucket")
);
--> statement-breakpoint
CREATE TABLE "authority_memory" (
	"tenant" text NOT NULL,
	"scope" text NOT NULL,
	"name" text NOT NULL,
	"successes" double precision NOT NULL,
	"failures" double precision NOT NULL,
	CONSTRAINT "authority_memory_tenant_scope_name_pk" PRIMARY KEY("tenant","scope","name")
);
--> statement-breakpoint
CREATE TABLE "authority_reservations" (
	"tenant" text NOT NULL,
	"outcome" text NOT NULL,
	"node" text NOT NULL,
	"firing" integer NOT NULL,
	"state" text NOT NULL,
	"automation" text,
	"awf" text NOT NULL,
	"taken" jsonb NOT NULL,
	"since" bigint NOT NULL,
	"changed_at" bigint NOT NULL,
	"decision" text,
	CONSTRAINT "authority_reservations_tenant_outcome_node_pk" PRIMARY KEY("tenant","outcome","node")
);
--> statement-breakpoint
CREATE TABLE "authority_waiters" (
	"tenant" text NOT NULL,
	"outcome" text NOT NULL,
	"node" text NOT NULL,
	"seq" bigserial NOT NULL,
	"firing" integer NOT NULL,
	"state" text NOT NULL,
	"automation" text,
	"runbook" text NOT NULL,
	"domain" text NOT NULL,
	"system" text NOT NULL,
	"awf" text NOT NULL,
	"causes" text[] NOT NULL,
	"because" text NOT NULL,
	"asks" jsonb NOT NULL,
	"since" bigint NOT NULL,
	"releases_at" bigint,
	"expires_at" bigint NOT NULL,
	"asks_again" boolean DEFAULT false NOT NULL,
	"wake" integer DEFAULT 0 NOT NULL,
	"told_at" bigint,
	CONSTRAINT "authority_waiters_tenant_outcome_node_pk" PRIMARY KEY("tenant","outcome","node")
);
--> statement-breakpoint
CREATE INDEX "authority_waiters_queue" ON "authority_waiters" USING btree ("tenant","seq") WHERE "authority_waiters"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "authority_waiters_outbox" ON "authority_waiters" USING btree ("seq") WHERE "authority_waiters"."state" in ('granted', 'expired');