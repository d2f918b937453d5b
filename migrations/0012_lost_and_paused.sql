ALTER TABLE "authority_waiters" ADD COLUMN "patient_from" bigint;--> statement-breakpoint
CREATE INDEX "barriers_acting" ON "barriers" USING btree ("lease_until") WHERE "barriers"."phase" = 'acting';