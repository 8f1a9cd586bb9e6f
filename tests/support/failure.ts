import { DriftError } from '../../src/base/index.ts';

/** The error that a promise rejects with. Fails when it resolves, or with an error that Drift did not mean. */
export async function failure(promise: Promise<unknown>): Promise<DriftError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof DriftError) return error;
    throw error;
  }
  throw new Error(`should have failed, gave ${String(value)}`);
}
