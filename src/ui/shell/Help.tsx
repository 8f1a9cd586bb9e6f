import { helpDocuments } from './documents.ts';
import styles from './Help.module.css';

const advice = [
  'Each frame is made from the one before, so small changes add up: the picture drifts.',
  'Repeats decide how busy the frames get. Too little ends in plain texture, too much in clutter.',
  'Prompts are touchy: change a few words at a time.',
  '10 steps are often enough.',
  'Everything you make is kept on this device as you make it. You find it under Projects.',
];

/** Keyboard shortcuts of the page: see `shortcuts.ts`. */
const shortcuts: readonly { keys: readonly string[]; effect: string }[] = [
  { keys: ['Space'], effect: 'Play or pause' },
  { keys: ['← →'], effect: 'One frame back or on' },
  { keys: ['Home', 'End'], effect: 'To the start picture, to the last frame' },
  { keys: ['Shift ← →', 'Ctrl A'], effect: 'Select frames in the film strip' },
  { keys: ['Del', 'Ctrl D', 'Alt ← →'], effect: 'Delete, duplicate, move them' },
  { keys: ['+ − 0'], effect: 'Zoom the picture in, out, show it whole' },
  { keys: ['O'], effect: 'Onion skin: the frame before shows through' },
  { keys: ['1 … 9'], effect: 'Take a variant, when you pick by hand' },
  { keys: ['Esc'], effect: 'Stop making frames' },
  { keys: ['Ctrl Z'], effect: 'Undo the last change' },
  { keys: ['Ctrl Shift Z', 'Ctrl Y'], effect: 'Redo it' },
  { keys: ['Ctrl V'], effect: 'Start from the picture that was copied' },
];

/** Content of the help: advice, links to the documents, which open beside a run, and keyboard shortcuts. */
export function Help() {
  return (
    <>
      <h2 className={styles['heading']}>Good to know</h2>
      <ul className={styles['advice']}>
        {advice.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <h2 className={styles['heading']}>Read on</h2>
      <ul className={styles['documents']}>
        {helpDocuments.map(({ name, label }) => (
          <li key={name}>
            <a href={`./help/${name}.html`} target="_blank" rel="noopener">
              {label}
            </a>
          </li>
        ))}
      </ul>
      <h2 className={styles['heading']}>Keys</h2>
      <dl className={styles['keys']}>
        {shortcuts.map(({ keys, effect }) => (
          <div key={effect}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
