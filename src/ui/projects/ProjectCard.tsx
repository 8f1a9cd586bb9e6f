import { Check, Copy, Download, ImageOff, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ListedProject } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { dateWords } from '../shared/dateWords.ts';
import { frameCount } from '../shared/words.ts';
import styles from './ProjectCard.module.css';

/** A project in the list: thumbnail that opens it, name, facts, and actions. */
export function ProjectCard({
  project,
  onOpened,
}: {
  readonly project: ListedProject;
  readonly onOpened: () => void;
}) {
  const { animation, projects } = useStores();
  const isOpen = useSelect(animation, (state) => state.project?.id === project.id);
  const busy = useSelect(projects, (state) => state.job !== null);
  const [renaming, setRenaming] = useState(false);
  const { id, name, changed, frames, url } = project;
  return (
    <li className={styles['card']} aria-current={isOpen || undefined}>
      <button
        type="button"
        className={styles['open']}
        onClick={() => {
          if (isOpen) {
            onOpened();
          } else {
            void projects.open(id).then((done) => {
              if (done) onOpened();
            });
          }
        }}
      >
        {url === null ? (
          <span className={styles['missing']}>
            <ImageOff size={24} aria-hidden />
          </span>
        ) : (
          <img src={url} alt="" decoding="async" loading="lazy" draggable={false} />
        )}
        <span className="hidden-text">Open {name}</span>
        {isOpen && (
          <span className={styles['badge']} aria-hidden>
            Open
          </span>
        )}
      </button>
      {renaming ? (
        <Rename
          name={name}
          onDone={(changedTo) => {
            setRenaming(false);
            if (changedTo !== null) void projects.rename(id, changedTo);
          }}
        />
      ) : (
        <p className={styles['name']} title={name}>
          {name}
        </p>
      )}
      <p className={styles['facts']}>
        {frames === 0 ? 'No frames yet' : frameCount(frames)} · {dateWords(changed, new Date())}
      </p>
      <div className={styles['actions']}>
        <Action
          label={`Rename ${name}`}
          onClick={() => {
            setRenaming(true);
          }}
        >
          <Pencil size={16} aria-hidden />
        </Action>
        <Action label={`Duplicate ${name}`} disabled={busy} onClick={() => void projects.duplicate(id)}>
          <Copy size={16} aria-hidden />
        </Action>
        <Action label={`Export ${name}`} disabled={busy} onClick={() => void projects.exportFile(id)}>
          <Download size={16} aria-hidden />
        </Action>
        <Action label={`Delete ${name}`} onClick={() => void projects.remove(id)}>
          <Trash2 size={16} aria-hidden />
        </Action>
      </div>
    </li>
  );
}

function Action({
  label,
  disabled = false,
  onClick,
  children,
}: {
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Button look={['quiet', 'icon', 'small']} title={label} disabled={disabled} onClick={onClick}>
      {children}
      <span className="hidden-text">{label}</span>
    </Button>
  );
}

/** Form that renames a project: Enter saves, Escape restores the old name. */
function Rename({ name, onDone }: { readonly name: string; readonly onDone: (name: string | null) => void }) {
  const [text, setText] = useState(name);
  return (
    <form
      className={styles['rename']}
      onSubmit={(event) => {
        event.preventDefault();
        onDone(text);
      }}
    >
      <input
        aria-label="Name"
        value={text}
        maxLength={200}
        autoFocus
        onFocus={({ target }) => {
          target.select();
        }}
        onChange={({ target }) => {
          setText(target.value);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          // Otherwise Escape would close the dialog.
          event.preventDefault();
          event.stopPropagation();
          onDone(null);
        }}
      />
      <Button look={['icon', 'small']} type="submit" title="Keep this name">
        <Check size={16} aria-hidden />
        <span className="hidden-text">Keep this name</span>
      </Button>
    </form>
  );
}
