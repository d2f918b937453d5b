CREATE TABLE "notice_deliveries" (
	"tenant" text NOT NULL,
	"notice" text NOT NULL,
	"channel" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"claim" text,
	"claimed_until" timestamp (3) with time zone,
	"failure" text,
	"sent_at" timestamp (3) with time zone,
	CONSTRAINT "notice_deliveries_tenant_notice_channel_pk" PRIMARY KEY("tenant","notice","channel")
);
--> statement-breakpoint
CREATE TABLE "notice_links" (
	"tenant" text NOT NULL,
	"digest" "bytea" NOT NULL,
	"notice" text NOT NULL,
	"channel" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	CONSTRAINT "notice_links_tenant_digest_pk" PRIMARY KEY("tenant","digest")
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"spread_at" timestamp (3) with time zone,
	CONSTRAINT "notices_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE INDEX "notice_deliveries_open" ON "notice_deliveries" USING btree ("tenant","due_at") WHERE "notice_deliveries"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "notice_deliveries_dead" ON "notice_deliveries" USING btree ("tenant") WHERE "notice_deliveries"."state" = 'dead';--> statement-breakpoint
CREATE INDEX "notice_links_by_age" ON "notice_links" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "notices_open" ON "notices" USING btree ("tenant","created_at") WHERE "notices"."spread_at" IS NULL;