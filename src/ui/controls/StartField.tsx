import { ImageUp } from 'lucide-react';
import { startFileId } from '../shared/startFile.ts';
import { useStartUrl } from '../shared/thumbnails.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './StartField.module.css';

/** File field for the start picture. */
export function StartField() {
  const { animation } = useStores();
  const start = useSelect(animation, (state) => state.start);
  const url = useStartUrl(start);
  return (
    <div className={styles['start']}>
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
          // Cleared so that choosing the same file again fires `change`.
          if (file) void animation.chooseStart(file, file.name);
          target.value = '';
        }}
      />
    </div>
  );
}
