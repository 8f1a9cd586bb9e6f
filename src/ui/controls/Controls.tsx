import { Suspense } from 'react';
import { useSelect, useStores } from '../shared/stores.ts';
import { Tabs } from '../shared/Tabs.tsx';
import styles from './Controls.module.css';
import { modes } from './modes.ts';
import { RecipeField } from './RecipeField.tsx';
import { RunBar } from './RunBar.tsx';
import { StartField } from './StartField.tsx';

/** Control panel: start picture, recipe, the settings of each mode, and the run bar. */
export function Controls() {
  const { settings } = useStores();
  const chosen = useSelect(settings, ({ values }) => values.mode);
  const Panel = modes.find(({ id }) => id === chosen)?.Panel;
  return (
    <section className={styles['controls']} aria-label="Controls">
      <div className={styles['scroller']}>
        <StartField />
        <RecipeField />
        <Tabs
          label="Mode"
          tabs={modes}
          chosen={chosen}
          onChoose={(mode) => {
            if (mode !== chosen) settings.set({ mode });
          }}
          className={styles['modes']}
          listClassName={styles['tabs']}
          tabClassName={styles['tab']}
          panelClassName={styles['panel']}
        >
          <Suspense>{Panel && <Panel />}</Suspense>
        </Tabs>
      </div>
      <RunBar />
    </section>
  );
}
