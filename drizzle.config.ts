/** For `drizzle-kit generate`, which writes the next migration from the schema; migrations are append-only. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/store/schema/*.ts',
  out: './migrations',
});
