import { Images, Plus, Upload } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { DialogNotices } from '../feedback/NoticeList.tsx';
import { Button } from '../shared/Button.tsx';
import { Dialog } from '../shared/Dialog.tsx';
import { FileButton } from '../shared/FileButton.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { ProjectCard } from './ProjectCard.tsx';
import { ProjectProgress } from './ProjectProgress.tsx';
import styles from './ProjectsDialog.module.css';

/** Projects dialog: create, open, import, export, rename, duplicate and delete projects. */
export function ProjectsDialog({ onClose }: { readonly onClose: () => void }) {
  const { projects } = useStores();
  const list = useSelect(projects, (state) => state.list);

  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    void projects.refresh();
  }, [projects]);

  const close = () => dialog.current?.close();
  const closeIf = (done: boolean) => {
    if (done) close();
  };

  return (
    <Dialog
      dialog={dialog}
      name="Projects"
      width={920}
      onClose={onClose}
      actions={
        <>
          <Button
            aria-label="New project"
            className={styles['new']}
            onClick={() => {
              projects.create();
              close();
            }}
          >
            <Plus size={16} aria-hidden />
            <span>
              New<span className={styles['long']}> project</span>
            </span>
          </Button>
          <FileButton
            label="Import a project"
            accept=".drift,.zip"
            className={styles['import']}
            onFiles={([file]) => {
              if (file) void projects.importFile(file).then(closeIf);
            }}
          >
            <Upload size={16} aria-hidden />
            Import
          </FileButton>
        </>
      }
    >
      <DialogNotices />
      <ProjectProgress />
      {list?.length === 0 && (
        <p className={styles['empty']}>
          Nothing here yet. Whatever you make is kept here by itself: choose a picture and press Generate.
        </p>
      )}
      <ul className={styles['list']} role="list" aria-label="Projects" aria-busy={list === null}>
        {list?.map((project) => (
          <ProjectCard key={project.id} project={project} onOpened={close} />
        ))}
      </ul>
      <div className={styles['pictures']}>
        <FileButton
          label="Make a project of pictures"
          accept="image/*,video/*,.jfif,.heic,.mkv,.zip"
          multiple
          onFiles={(files) => {
            const named = files.map((file) => ({ name: file.name, file }));
            void projects.importFiles(named, { frames: true }).then(closeIf);
          }}
        >
          <Images size={16} aria-hidden />
          From pictures
        </FileButton>
        <p className={styles['note']}>
          Pictures, or a ZIP of them, become the frames of a new project in the order of their names. So do
          the frames of a GIF or a video.
        </p>
      </div>
      <p className={styles['note']}>
        Projects are kept in this browser, on this device only. Export what you want to move or to be sure of.
      </p>
    </Dialog>
  );
}
