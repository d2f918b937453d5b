ALTER TABLE "barriers" ADD COLUMN "settled" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "barriers" ADD COLUMN "awf" text;--> statement-breakpoint
ALTER TABLE "barriers" ADD COLUMN "input" jsonb;--> statement-breakpoint
ALTER TABLE "barriers" ADD COLUMN "undo_settled" boolean DEFAULT false NOT NULL;