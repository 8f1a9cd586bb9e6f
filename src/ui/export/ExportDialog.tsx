import { useId, useRef } from 'react';
import { exportPresets, isStill } from '../../project/index.ts';
import { Button } from '../shared/Button.tsx';
import { Dialog } from '../shared/Dialog.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './ExportDialog.module.css';
import { ExportFooter } from './ExportFooter.tsx';
import { ChoiceEntry, NumberEntry, SwitchEntry } from './fields.tsx';
import { Preview } from './Preview.tsx';
import { useDraft } from './useDraft.ts';
import type { Draft } from './useDraft.ts';
import { useNeeds } from './useNeeds.ts';
import {
  chosenOptions,
  exportFieldWords,
  formatChoices,
  gifRateWords,
  isChosen,
  shortNumber,
} from './words.ts';

/** Export dialog: format, timing and size of the file, with a preview and an estimate of its size. */
export function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const { exporter } = useStores();
  const dialog = useRef<HTMLDialogElement>(null);
  const draft = useDraft();
  const { options } = draft;
  const { hasAv1, download } = useNeeds(draft);
  const isProject = options.format === 'drift';
  const close = () => {
    exporter.dismiss();
    onClose();
  };
  return (
    <Dialog dialog={dialog} name="Export" width={880} onClose={close}>
      <div className={styles['columns']}>
        <Preview draft={draft} download={download} />
        <div className={styles['options']}>
          <Formats draft={draft} />
          <Presets draft={draft} />
          {!isProject && (
            <>
              <Timing draft={draft} />
              <Size draft={draft} hasAv1={hasAv1} />
              <Metadata draft={draft} />
            </>
          )}
        </div>
      </div>
      <ExportFooter
        draft={draft}
        download={download ?? 0}
        onHandedOver={() => {
          dialog.current?.close();
        }}
      />
    </Dialog>
  );
}

function Formats({ draft: { options, set } }: { readonly draft: Draft }) {
  const name = useId();
  return (
    <fieldset className={styles['formats']} role="radiogroup" aria-label="Format">
      {formatChoices.map((choice) => (
        <label key={choice.name} className={styles['format']}>
          <input
            type="radio"
            name={name}
            checked={isChosen(choice, options)}
            onChange={() => {
              set({ ...chosenOptions(choice, options), limit: null, fixedSize: false });
            }}
          />
          {choice.name}
        </label>
      ))}
      <p className={styles['note']}>{formatChoices.find((choice) => isChosen(choice, options))?.help}</p>
    </fieldset>
  );
}

function Presets({ draft }: { readonly draft: Draft }) {
  const { animation } = useStores();
  const first = useSelect(animation, (state) => state.frames.at(0));
  const { options, set } = draft;
  return (
    <div className={styles['presets']} role="group" aria-label="Presets">
      {exportPresets.map(({ name, help, apply }) => (
        <Button
          key={name}
          look={['small']}
          title={help}
          onClick={() => {
            if (first) set(apply(options, first));
          }}
        >
          {name}
        </Button>
      ))}
      {options.limit !== null && (
        <p className={styles['note']}>
          At most {shortNumber(options.limit / 1e6)} MB:{' '}
          {options.fixedSize ? 'quality and frames give way' : 'quality and size give way'} until it fits.{' '}
          <Button
            look={['small', 'quiet']}
            onClick={() => {
              set({ limit: null, fixedSize: false });
            }}
          >
            No limit
          </Button>
        </p>
      )}
    </div>
  );
}

function Timing({ draft }: { readonly draft: Draft }) {
  const { options, set, number, range, asksPlays } = draft;
  const { format } = options;
  const { animation, preferences } = useStores();
  const count = useSelect(animation, (state) => state.frames.length);
  const includeStart = useSelect(preferences, (state) => state.includeStart);
  const still = isStill(format);
  const rate = format === 'gif' ? gifRateWords(options.frameRate) : null;
  return (
    <fieldset className={styles['group']}>
      <legend>Time</legend>
      <div className={styles['grid']}>
        <NumberEntry
          words={exportFieldWords.frameRate}
          draft={number('frameRate')}
          disabled={still}
          step={1}
        />
        <NumberEntry words={exportFieldWords.inBetweens} draft={number('inBetweens')} step={1} />
        <NumberEntry
          words={exportFieldWords.holdFirst}
          draft={number('holdFirst')}
          disabled={still}
          step={0.5}
        />
        <NumberEntry
          words={exportFieldWords.holdLast}
          draft={number('holdLast')}
          disabled={still}
          step={0.5}
        />
        <NumberEntry words={{ label: 'From frame', help: `Of ${count}.` }} draft={range.from} step={1} />
        <NumberEntry words={{ label: 'To frame', help: `Of ${count}.` }} draft={range.to} step={1} />
      </div>
      {rate && (
        <p className={styles['note']} role="status">
          {rate.text}{' '}
          {rate.nearest.map((nearest) => (
            <Button
              key={nearest}
              look={['small']}
              onClick={() => {
                set({ frameRate: nearest });
              }}
            >
              Use {shortNumber(nearest)}
            </Button>
          ))}
        </p>
      )}
      <div className={styles['grid']}>
        <SwitchEntry
          label="There and back"
          help="Forward, then backward."
          disabled={still}
          checked={options.thereAndBack}
          onChange={(thereAndBack) => {
            set({ thereAndBack });
          }}
        />
        <SwitchEntry
          label="Loop"
          help={format === 'mp4' || format === 'webm' ? 'Videos leave that to the player.' : 'For ever.'}
          disabled={still}
          checked={options.loop}
          onChange={(loop) => {
            set({ loop });
          }}
        />
        {asksPlays && <NumberEntry words={exportFieldWords.plays} draft={number('plays')} step={1} />}
        <SwitchEntry
          label="Include the start picture"
          help="As the first one."
          checked={includeStart}
          onChange={(checked) => {
            preferences.setState({ includeStart: checked });
          }}
        />
      </div>
    </fieldset>
  );
}

function Size({
  draft: { options, set, number, mixed },
  hasAv1,
}: {
  readonly draft: Draft;
  readonly hasAv1: boolean;
}) {
  return (
    <fieldset className={styles['group']}>
      <legend>Picture</legend>
      <div className={styles['grid']}>
        <NumberEntry words={exportFieldWords.scale} draft={number('scale')} step={0.5} />
        <ChoiceEntry
          label="Scaling"
          value={options.resampling}
          choices={[
            ['lanczos', 'Smooth (Lanczos)'],
            ['browser', 'Smooth (the browser’s)'],
            ['nearest', 'Sharp pixels'],
          ]}
          onChange={(resampling) => {
            set({ resampling });
          }}
        />
        <ChoiceEntry
          label="Shape"
          value={options.shape}
          choices={[
            ['frame', 'As the frames'],
            ['square', 'Square'],
            ['portrait', '9:16'],
            ['landscape', '16:9'],
          ]}
          onChange={(shape) => {
            set({ shape });
          }}
        />
        <ChoiceEntry
          label="Fit"
          value={options.fit}
          disabled={options.shape === 'frame' && !mixed}
          choices={[
            ['pad', 'Whole, with bars'],
            ['crop', 'Fill and cut'],
          ]}
          onChange={(fit) => {
            set({ fit });
          }}
        />
        {options.format === 'mp4' && (
          <ChoiceEntry
            label="Encoder"
            value={options.videoEncoder}
            choices={[
              ['browser', 'The browser’s: fast'],
              ['x264', 'x264, CRF 20: smaller file, slower'],
            ]}
            onChange={(videoEncoder) => {
              set({ videoEncoder });
            }}
          />
        )}
        {options.format === 'webm' && hasAv1 && (
          <ChoiceEntry
            label="Codec"
            value={options.webmCodec}
            choices={[
              ['vp9', 'VP9: plays nearly everywhere'],
              ['av1', 'AV1: smaller, newer devices'],
            ]}
            onChange={(webmCodec) => {
              set({ webmCodec });
            }}
          />
        )}
        {options.format === 'gif' && (
          <>
            <ChoiceEntry
              label="Dither"
              value={options.dither}
              choices={[
                ['none', 'None: smallest file'],
                ['ordered', 'Pattern'],
                ['diffusion', 'Error diffusion: closest colours'],
              ]}
              onChange={(dither) => {
                set({ dither });
              }}
            />
            <ChoiceEntry
              label="Palette"
              value={options.palettes}
              choices={[
                ['shared', 'One: colours do not flicker'],
                ['per-frame', 'One a frame: closer, larger'],
              ]}
              onChange={(palettes) => {
                set({ palettes });
              }}
            />
          </>
        )}
      </div>
    </fieldset>
  );
}

function Metadata({ draft: { options, set } }: { readonly draft: Draft }) {
  return (
    <SwitchEntry
      label="Include how it was made"
      help="Settings, seed, model and prompts, in the file’s metadata."
      checked={options.includeHow}
      onChange={(includeHow) => {
        set({ includeHow });
      }}
    />
  );
}
