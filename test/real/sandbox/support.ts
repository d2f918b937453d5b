/** A sandbox for one test file: started on a fresh folder, and gone with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../../../src/sandbox';

export interface Stand {
  readonly sandbox: SandboxProcess;
  readonly admin: SandboxAdmin;
  readonly dataDir: string;
}

/** Registers the start and the end with jest; the stand is there once a test runs. */
export function useSandbox(): { readonly current: Stand } {
  const holder: { stand?: Stand } = {};
  beforeAll(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'backstep-sandbox-'));
    const sandbox = await startSandboxProcess({ dataDir });
    holder.stand = { sandbox, admin: new SandboxAdmin(sandbox.urls.admin), dataDir };
  }, 60_000);
  afterAll(async () => {
    if (!holder.stand) return;
    await holder.stand.sandbox.stop();
    rmSync(holder.stand.dataDir, { recursive: true, force: true });
  });
  return {
    get current() {
      if (!holder.stand) throw new Error('the sandbox is not started yet');
      return holder.stand;
    },
  };
}

/** What a promise is rejected with; fails the test when it is not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('expected a rejection');
}
