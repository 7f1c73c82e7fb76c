export { type Forgotten, forget } from './forget';
export { type Owner, type Scope, scopes, Variables, type WriteOptions, type Written } from './variables';
