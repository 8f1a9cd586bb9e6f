import { Dices, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { settingFields } from '../../project/index.ts';
import { Button } from '../shared/Button.tsx';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Controls.module.css';
import { NumberField } from './NumberField.tsx';
import { Prompts } from './Prompts.tsx';

const common = settingFields.filter((field) => !field.rare).map(({ key }) => key);
const rare = settingFields.filter((field) => field.rare).map(({ key }) => key);

/** The settings of automatic mode. */
export function AutomaticPanel() {
  const { settings } = useStores();
  return (
    <>
      <div className={styles['fields']}>
        {common.map((key) => (
          <NumberField key={key} name={key}>
            {key === 'seed' && (
              <Button look={['quiet', 'icon']} title="New seed" onClick={settings.newSeed}>
                <Dices size={18} aria-hidden />
                <span className="hidden-text">New seed</span>
              </Button>
            )}
          </NumberField>
        ))}
      </div>
      <PromptsFold />
      <MoreSettings />
    </>
  );
}

/** Open where there is room for it. */
function PromptsFold() {
  const [open] = useState(
    () => typeof matchMedia === 'undefined' || matchMedia('(min-width: 900px)').matches,
  );
  return (
    <details className={styles['fold']} open={open}>
      <summary>Prompts</summary>
      <Prompts />
    </details>
  );
}

/** The settings that are rarely needed; they unfold by themselves when one of them is wrong. */
function MoreSettings() {
  const { preferences, settings } = useStores();
  const chosen = useSelect(preferences, (state) => state.moreSettings);
  const wrong = useSelect(settings, ({ problems }) => rare.some((key) => problems[key] !== undefined));
  return (
    <details
      className={styles['fold']}
      open={chosen || wrong}
      onToggle={({ currentTarget }) => {
        preferences.setState({ moreSettings: currentTarget.open });
      }}
    >
      <summary>
        More settings <span className={styles['contents']}>guidance and prompt scales</span>
      </summary>
      <div className={classes(styles['fields'], styles['few'])}>
        {rare.map((key) => (
          <NumberField key={key} name={key} />
        ))}
      </div>
      <Reset />
    </details>
  );
}

/** Back to the defaults, with a way back from there. */
function Reset() {
  const { notices, settings } = useStores();
  const changed = useSelect(settings, (state) => Object.keys(state.changed).length > 0);
  return (
    <Button
      look={['quiet', 'small']}
      className={styles['reset']}
      disabled={!changed}
      onClick={() => {
        const before = settings.reset();
        const undo = () => {
          settings.set(before);
        };
        notices.info('settings', 'All settings are back to their defaults.', [{ label: 'Undo', run: undo }]);
      }}
    >
      <RotateCcw size={14} aria-hidden />
      Reset to defaults
    </Button>
  );
}
