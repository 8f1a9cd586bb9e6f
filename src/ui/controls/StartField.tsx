import { useId } from 'react';
import { ImageUp } from 'lucide-react';
import { startFileId } from '../shared/startFile.ts';
import { classes } from '../shared/classes.ts';
import { useStartUrl } from '../shared/thumbnails.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './StartField.module.css';

const fits = [
  { value: 'crop', label: 'Crop', help: 'Cut what does not fit' },
  { value: 'stretch', label: 'Stretch', help: 'Squeeze it into shape' },
] as const;

/** The picture that the animation starts from, and how it is brought into the shape of a frame. */
export function StartField() {
  const { animation, preferences } = useStores();
  const start = useSelect(animation, (state) => state.start);
  const url = useStartUrl(start);
  const fit = useSelect(preferences, (state) => state.fit);
  const group = useId();

  return (
    <div className={styles['start']}>
      <div className={styles['pick']}>
        <div className={styles['thumb']}>
          {url === null ? <ImageUp size={20} aria-hidden /> : <img src={url} alt="" />}
        </div>
        <div className={styles['words']}>
          <label htmlFor={startFileId}>Start image</label>
          <p>{start ? start.name : 'Drop, paste or choose one'}</p>
        </div>
        <input
          id={startFileId}
          type="file"
          accept="image/*"
          className={styles['file']}
          onChange={({ target }) => {
            const file = target.files?.[0];
            // Emptied, so that choosing the same file again is a change again.
            if (file) void animation.chooseStart(file, file.name);
            target.value = '';
          }}
        />
      </div>
      <fieldset className={styles['fit']}>
        <legend className="hidden-text">Fit</legend>
        {fits.map(({ value, label, help }) => (
          <label key={value} title={help} className={classes(fit === value && styles['chosen'])}>
            <input
              type="radio"
              name={group}
              value={value}
              checked={fit === value}
              onChange={() => {
                preferences.setState({ fit: value });
              }}
            />
            {label}
          </label>
        ))}
      </fieldset>
    </div>
  );
}
