import { FolderOpen } from 'lucide-react';
import { useId, useState } from 'react';
import { originFrom } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { FileButton } from '../shared/FileButton.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { folderFrom } from './folder.ts';
import { LookCard } from './LookCard.tsx';
import styles from './ModelsDialog.module.css';

/**
 * Form that adds a third-party model by Hub id, manifest URL or folder. The model is inspected before it is downloaded.
 *
 * @param address - initial text of the field; if not empty, the section is open
 */
export function AddModel({ address }: { readonly address: string }) {
  const { models } = useStores();
  const added = useSelect(models, (state) => state.added);
  const coming = useSelect(
    models,
    (state) => state.fetch !== null && state.fetch.wanted === state.added?.wanted,
  );
  const [text, setText] = useState(address);
  const [wrong, setWrong] = useState(false);
  const [field, help] = [useId(), useId()];
  return (
    <details className={styles['section']} open={address !== ''}>
      <summary className={styles['heading']}>Add a model</summary>
      <form
        className={styles['add']}
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = originFrom(text);
          setWrong(wanted === null);
          if (wanted) void models.look(wanted);
        }}
      >
        <label htmlFor={field}>Hub id or address of a manifest</label>
        <div className={styles['actions']}>
          <input
            id={field}
            className={styles['field']}
            value={text}
            placeholder="owner/name"
            spellCheck={false}
            autoComplete="off"
            aria-describedby={help}
            aria-invalid={wrong || undefined}
            onChange={({ target }) => {
              setText(target.value);
              setWrong(false);
            }}
          />
          <Button type="submit">Look</Button>
          <FileButton
            label="Model from a folder"
            folder
            onFiles={(files) => {
              void models.look(
                folderFrom(files.map((file) => ({ webkitRelativePath: file.webkitRelativePath, file }))),
              );
            }}
          >
            <FolderOpen size={16} aria-hidden />
            From a folder
          </FileButton>
        </div>
        <p
          id={help}
          className={wrong ? styles['warning'] : styles['note']}
          role={wrong ? 'alert' : undefined}
        >
          {wrong
            ? 'That is neither an id like “owner/name” nor an address that begins with https://.'
            : 'Stable Diffusion 1.x models of image variations, in the layout of diffusers, or with a model.json.'}
        </p>
      </form>
      {added && !coming && <LookCard look={added} name="The model to add" action="Get this model" />}
    </details>
  );
}
