import { Tabs } from 'radix-ui';
import { Suspense } from 'react';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Controls.module.css';
import { modes } from './modes.ts';
import { RunBar } from './RunBar.tsx';
import { StartField } from './StartField.tsx';

/** Everything that decides how the next frames come out, and the buttons that make them. */
export function Controls() {
  const { settings } = useStores();
  const chosen = useSelect(settings, ({ values }) => values.mode);
  return (
    <section className={styles['controls']} aria-label="Controls">
      <div className={styles['scroller']}>
        <StartField />
        <Tabs.Root
          value={chosen}
          onValueChange={(value) => {
            const mode = modes.find(({ id }) => id === value);
            if (mode) settings.set({ mode: mode.id });
          }}
          className={styles['modes']}
        >
          <Tabs.List className={styles['tabs']} aria-label="Mode">
            {modes.map(({ id, label }) => (
              <Tabs.Trigger key={id} value={id} className={styles['tab']}>
                {label}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {modes.map(({ id, description, Panel }) => (
            <Tabs.Content key={id} value={id} className={styles['panel']} tabIndex={-1}>
              <p className={styles['description']}>{description}</p>
              <Suspense>
                <Panel />
              </Suspense>
            </Tabs.Content>
          ))}
        </Tabs.Root>
      </div>
      <RunBar />
    </section>
  );
}
