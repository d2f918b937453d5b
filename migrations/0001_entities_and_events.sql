CREATE TABLE "entities" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"type" text NOT NULL,
	"fields" jsonb NOT NULL,
	"relations" jsonb NOT NULL,
	"sources" jsonb NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "entities_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "received_events" (
	"tenant" text NOT NULL,
	"source" text NOT NULL,
	"id" text NOT NULL,
	"seq" bigserial NOT NULL,
	"type" text NOT NULL,
	"event" jsonb NOT NULL,
	"status" text NOT NULL,
	"reasons" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"automation" text,
	"outcome" text,
	"entity" text,
	"outcome_id" text,
	"tries" integer DEFAULT 0 NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "received_events_tenant_source_id_pk" PRIMARY KEY("tenant","source","id")
);
--> statement-breakpoint
CREATE INDEX "entities_by_type" ON "entities" USING btree ("tenant","type","id");--> statement-breakpoint
CREATE INDEX "entities_by_relation" ON "entities" USING gin ("relations" jsonb_path_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "received_events_by_seq" ON "received_events" USING btree ("seq");--> statement-breakpoint
CREATE INDEX "received_events_by_status" ON "received_events" USING btree ("tenant","status","seq");--> statement-breakpoint
CREATE UNIQUE INDEX "received_events_outcome" ON "received_events" USING btree ("tenant","outcome","id") WHERE "received_events"."outcome" is not null;