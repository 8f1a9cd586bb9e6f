import { Dices, Link, RotateCcw } from 'lucide-react';
import { Fragment, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import { settingFields, speedField, speedWords } from '../../project/index.ts';
import type { Mode, SettingField } from '../../project/index.ts';
import type { FieldKey } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { classes } from '../shared/classes.ts';
import { lazyPart } from '../shared/lazyPart.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Controls.module.css';
import { NumberField } from './NumberField.tsx';
import { Prompts } from './Prompts.tsx';
import { RadioField } from './RadioField.tsx';

const NotifyField = lazyPart(async () => (await import('./NotifyField.tsx')).NotifyField);

/** Settings of one mode: the common ones, the prompts, and the rare ones under “More settings”. */
export function ModePanel({
  mode,
  rare,
  children,
}: {
  readonly mode: Mode;
  /** Extra fields after the rare settings. */
  readonly rare?: ReactNode;
  /** Extra fields after the common settings. */
  readonly children?: ReactNode;
}) {
  const { settings } = useStores();
  const fields = settingFields.filter(({ modes }) => modes.includes(mode));
  const isRare = (field: SettingField) => field.rare.includes(mode);
  const common = fields.filter((field) => !isRare(field));
  return (
    <>
      <div className={styles['fields']}>
        {common.map(({ key }) => (
          <Fragment key={key}>
            <NumberField name={key}>
              {key === 'seed' && (
                <Button look={['quiet', 'icon']} title="New seed" onClick={settings.newSeed}>
                  <Dices size={18} aria-hidden />
                  <span className="hidden-text">New seed</span>
                </Button>
              )}
            </NumberField>
            {key === 'steps' && <SpeedChoice />}
          </Fragment>
        ))}
        {children}
      </div>
      <PromptsFold />
      <MoreSettings fields={fields.filter(isRare).map(({ key }) => key)}>{rare}</MoreSettings>
    </>
  );
}

/** Settings, besides the steps, that change how long a frame takes. */
const costly = ['mode', 'width', 'height', 'repeats', 'batchSize'] as const;

/** Choice of the share of steps that are computed; the help text says what it saves at the current step count. */
function SpeedChoice() {
  const { settings, generation, model } = useStores();
  const values = useSelect(settings, (state) => state.values);
  const { speed, steps } = values;
  // How many steps there are is not known until the model says its defaults.
  const unknown = useSelect(settings, ({ changed, waiting }) => waiting && changed.steps === undefined);
  const timing = useSelect(generation, (state) => state.frameTiming);
  const loaded = useSelect(model, (state) => state.model?.name);
  const applies = timing?.model === loaded && costly.every((key) => timing?.settings[key] === values[key]);
  return (
    <RadioField
      {...speedField}
      help={unknown ? '' : speedWords(speed, steps, applies ? timing : null)}
      value={speed}
      onChange={(value) => {
        settings.set({ speed: value });
      }}
    />
  );
}

/** Collapsible section of the prompts, initially open in windows of at least 900 pixels. */
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

/** Collapsible section of rarely needed settings; opens by itself when one of them is invalid. */
function MoreSettings({
  fields,
  children,
}: {
  readonly fields: readonly FieldKey[];
  readonly children: ReactNode;
}) {
  const { preferences, settings } = useStores();
  const chosen = useSelect(preferences, (state) => state.moreSettings);
  const wrong = useSelect(settings, ({ problems }) => fields.some((key) => problems[key] !== undefined));
  const open = chosen || wrong;
  return (
    <details
      className={styles['fold']}
      open={open}
      onToggle={({ currentTarget }) => {
        preferences.setState({ moreSettings: currentTarget.open });
      }}
    >
      <summary>
        More settings <span className={styles['contents']}>size, frame rate, strengths</span>
      </summary>
      <div className={classes(styles['fields'], styles['few'])}>
        {fields.map((key) => (
          <NumberField key={key} name={key} />
        ))}
        {children}
        <FitChoice />
        <Suspense>{open && <NotifyField />}</Suspense>
      </div>
      <div className={styles['actions']}>
        <Reset />
        <CopyLink />
      </div>
    </details>
  );
}

const fits = [
  { value: 'crop', label: 'Crop', help: 'Cuts what does not fit.' },
  { value: 'stretch', label: 'Stretch', help: 'Squeezes it into shape.' },
] as const;

/** How the start picture is fitted to the frame size: cropped or stretched. */
function FitChoice() {
  const { preferences } = useStores();
  const fit = useSelect(preferences, (state) => state.fit);
  return (
    <RadioField
      label="Fit of the start picture"
      help={fits.find(({ value }) => value === fit)?.help ?? ''}
      options={fits}
      value={fit}
      onChange={(value) => {
        preferences.setState({ fit: value });
      }}
    />
  );
}

/** Button that resets all settings to their defaults. */
function Reset() {
  const { notices, settings } = useStores();
  const changed = useSelect(settings, (state) => Object.keys(state.changed).some((key) => key !== 'mode'));
  return (
    <Button
      look={['quiet', 'small']}
      disabled={!changed}
      onClick={() => {
        settings.reset();
        notices.announce('All settings are back to their defaults.');
      }}
    >
      <RotateCcw size={14} aria-hidden />
      Reset to defaults
    </Button>
  );
}

function CopyLink() {
  const { settingsLink } = useStores();
  return (
    <Button look={['quiet', 'small']} onClick={() => void settingsLink.copy()}>
      <Link size={14} aria-hidden />
      Copy settings as a link
    </Button>
  );
}
