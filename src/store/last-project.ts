import * as v from 'valibot';
import { keptSettingsSchema } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import type { Environment } from './environment.ts';
import { storeValue } from './preferences.ts';

const key = 'drift.project';
const schema = v.object({ id: v.pipe(v.string(), v.uuid()), settings: keptSettingsSchema });

/** Id and settings of the project that was open last, which the next visit reopens. */
export interface LastProject {
  readonly read: () => { readonly id: string; readonly settings: Settings } | null;
  readonly write: (last: { readonly id: string; readonly settings: Settings } | null) => void;
}

/** Creates access to the record of the last project in the browser's storage. */
export function createLastProject(storage: Environment['storage']): LastProject {
  return {
    read() {
      try {
        const result = v.safeParse(schema, JSON.parse(storage?.getItem(key) ?? 'null'));
        return result.success ? result.output : null;
      } catch {
        return null;
      }
    },
    write(last) {
      storeValue(storage, key, last);
    },
  };
}
