CREATE TABLE "decision_keys" (
	"tenant" text NOT NULL,
	"kid" text NOT NULL,
	"public_key" jsonb NOT NULL,
	"private_key" jsonb,
	"created_at" bigint NOT NULL,
	"revoked_at" bigint,
	CONSTRAINT "decision_keys_tenant_kid_pk" PRIMARY KEY("tenant","kid")
);
