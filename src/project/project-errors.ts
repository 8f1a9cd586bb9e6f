import { ProjectError, StorageError } from '../base/index.ts';

/** Errors of stored projects that more than one module throws. */

export function readOnly(id: string): StorageError {
  return new StorageError('read-only', 'This project is open in another tab, so it cannot be changed here.', {
    remedy: 'Continue in the other tab, or close it and open the project here again.',
    details: { project: id },
  });
}

export function openElsewhere(id: string): StorageError {
  return new StorageError('open-elsewhere', 'This project is open in another tab.', {
    remedy: 'Close it there first.',
    details: { project: id },
  });
}

export function lostStart(id: string, file: string): ProjectError {
  return new ProjectError('project-damaged', 'This project cannot be opened: its start picture is lost.', {
    remedy: 'Use an exported copy, if there is one.',
    details: { project: id, file },
  });
}

export function lostPicture(id: number): ProjectError {
  return new ProjectError('picture-lost', `The picture of frame ${id} is lost.`, {
    remedy: 'The browser may have cleared it. Use an exported copy, if there is one.',
    details: { frame: id },
  });
}
