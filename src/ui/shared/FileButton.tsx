import type { ReactNode } from 'react';
import styles from './Button.module.css';
import { classes } from './classes.ts';

/** Button that opens the browser's file dialog, for files or for a directory. */
export function FileButton({
  label,
  accept,
  multiple = false,
  folder = false,
  className,
  onFiles,
  children,
}: {
  readonly label: string;
  readonly accept?: string;
  readonly multiple?: boolean;
  readonly folder?: boolean;
  readonly className?: string | undefined;
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: ReactNode;
}) {
  return (
    <label className={classes(styles['button'], styles['file'], className)}>
      {children}
      <input
        ref={(input) => {
          if (input) input.webkitdirectory = folder;
        }}
        type="file"
        accept={accept}
        multiple={multiple}
        className="hidden-text"
        aria-label={label}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          if (files.length > 0) onFiles(files);
          // Cleared so that choosing the same files again fires `change`.
          target.value = '';
        }}
      />
    </label>
  );
}
