CREATE TABLE "kept_reports" (
	"tenant" text NOT NULL,
	"kind" text NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"to_at" timestamp (3) with time zone NOT NULL,
	"records" integer NOT NULL,
	"body" jsonb NOT NULL,
	"made_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "kept_reports_tenant_kind_from_at_to_at_pk" PRIMARY KEY("tenant","kind","from_at","to_at")
);
