import type { ReactNode } from 'react';
import styles from './Button.module.css';
import { classes } from './classes.ts';

/** A button that asks for files, or for a folder with all that is in it. */
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
          // Emptied, so that choosing the same file again is a change again.
          target.value = '';
        }}
      />
    </label>
  );
}
