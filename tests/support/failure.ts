import { DriftError } from '../../src/base/index.ts';

/** The DriftError that a promise rejects with. Fails if it resolves, or rejects with another error. */
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
