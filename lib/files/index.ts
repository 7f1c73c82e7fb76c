export type { FileBelow, FilesBelow } from './below';
export { FileDesk, type FilePlace, type FileSettings, type OpenFile } from './desk';
export { allowedFolders, leftOutFolders } from './folders';
export { KeptFiles } from './kept-files';
export { type SharedFile, SharedFiles } from './shared-files';
