import { ImageUp, Pause, Play } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useStores } from '../shared/stores.ts';
import { openStartFile } from '../shared/startFile.ts';
import { Button } from '../shared/Button.tsx';
import { animatedExamples, exampleUrl, pictureExamples } from './examples.ts';
import type { AnimatedExample, Example } from './examples.ts';
import { fetchPicture } from './fetchPicture.ts';
import styles from './FirstVisit.module.css';

/** Empty state of the stage: what Drift does, animations that it made, drop target, example pictures. */
export function FirstVisit() {
  const { animation, settings } = useStores();
  const [playing, setPlaying] = useState(true);
  const start = ({ file, name }: Example) => {
    void animation.chooseStart(fetchPicture(exampleUrl(file)), name);
  };
  return (
    <div className={styles['visit']} data-then="[data-run-bar] button">
      <h2 className={styles['claim']}>
        Drift turns one picture into an animation: each frame is a variant of the one before.
      </h2>
      <ul className={styles['animations']} role="list" aria-label="Examples">
        {animatedExamples.map((example) => (
          <ExampleItem
            key={example.file}
            example={example}
            look="animation"
            onTake={() => {
              settings.chooseRecipe(example.recipe, example.settings);
              start(example);
            }}
          >
            <AnimatedPicture example={example} playing={playing} />
          </ExampleItem>
        ))}
      </ul>
      <button
        type="button"
        className={styles['pause']}
        aria-label={playing ? 'Pause the examples' : 'Play the examples'}
        title={playing ? 'Pause the examples' : 'Play the examples'}
        onClick={() => {
          setPlaying(!playing);
        }}
      >
        {playing ? <Pause size={16} aria-hidden /> : <Play size={16} aria-hidden />}
      </button>
      <div className={styles['target']}>
        <ImageUp size={28} strokeWidth={1.5} aria-hidden className={styles['icon']} />
        <h3 className={styles['title']}>Drop a picture here</h3>
        <p className={styles['or']}>or paste one, or</p>
        <Button onClick={openStartFile}>Choose a file</Button>
      </div>
      <ul className={styles['pictures']} role="list" aria-label="Example pictures">
        {pictureExamples.map((example) => (
          <ExampleItem
            key={example.file}
            example={example}
            look="picture"
            onTake={() => {
              start(example);
            }}
          >
            <img src={exampleUrl(example.file)} alt="" width="128" height="128" draggable={false} />
          </ExampleItem>
        ))}
      </ul>
      <p className={styles['promise']}>Everything runs on this machine. No picture ever leaves it.</p>
    </div>
  );
}

/** List item with the button of an example. `children` is its picture. */
function ExampleItem({
  example: { name, description },
  look,
  onTake,
  children,
}: {
  readonly example: Example;
  readonly look: 'animation' | 'picture';
  readonly onTake: () => void;
  readonly children: ReactNode;
}) {
  return (
    <li>
      <button type="button" className={styles[look]} onClick={onTake}>
        {children}
        <span className={styles['label']}>{name}</span>
        <span className="hidden-text">: {description}</span>
      </button>
    </li>
  );
}

/** An animation, or its start picture while it is paused and for people who prefer reduced motion. */
function AnimatedPicture({
  example: { file, animation },
  playing,
}: {
  readonly example: AnimatedExample;
  readonly playing: boolean;
}) {
  return (
    <picture>
      <source media="(prefers-reduced-motion: reduce)" srcSet={exampleUrl(file)} />
      <img src={exampleUrl(playing ? animation : file)} alt="" width="256" height="256" draggable={false} />
    </picture>
  );
}
