import { Suspense } from 'react';
import { Controls } from '../controls/Controls.tsx';
import { Announcer } from '../feedback/Announcer.tsx';
import { NoticeList } from '../feedback/NoticeList.tsx';
import { Downloads } from '../player/Downloads.tsx';
import { Models } from '../library/Models.tsx';
import { Player } from '../player/Player.tsx';
import { ProjectProgress } from '../projects/ProjectProgress.tsx';
import { lazyPart } from '../shared/lazyPart.tsx';
import { Stage } from '../stage/Stage.tsx';
import styles from './App.module.css';
import { Footer } from './Footer.tsx';
import { Header } from './Header.tsx';
import { useDrop, useKeys, useLeaveGuard, usePaste, useTitle } from './usePageEvents.ts';

// The first visit has no frames.
const Strip = lazyPart(async () => (await import('../strip/Strip.tsx')).Strip);
const Likeness = lazyPart(async () => (await import('../player/Likeness.tsx')).Likeness);

/** Root component: the layout of the page; without the controls until it is to be complete. */
export function App({ complete = true }: { readonly complete?: boolean }) {
  const dragging = useDrop();
  usePaste();
  useKeys();
  useTitle();
  useLeaveGuard();
  return (
    <div className={styles['page']}>
      <Header />
      <ProjectProgress />
      <main className={styles['main']}>
        <NoticeList over />
        <div className={styles['work']}>
          <Stage />
          <Suspense>
            <Likeness />
          </Suspense>
          <div className={styles['transport']}>
            <Player />
            <Downloads />
          </div>
          <Suspense fallback={<div className={styles['strip']} />}>
            <Strip />
          </Suspense>
        </div>
        {complete ? <Controls /> : <div />}
      </main>
      <Footer />
      <Models />
      <Announcer />
      {dragging && (
        <div className={styles['overlay']} aria-hidden>
          <p>Drop a picture to start from it, pictures to make a project of them, or a project to open it</p>
        </div>
      )}
    </div>
  );
}
