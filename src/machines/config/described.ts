import { fieldsOf, restOf, type Shape, shapeOf, words } from '../../kernel/schema-words.ts';
import { settingPaths, variableOf } from './environment.ts';
import { settingsSchema } from './settings.ts';

/** A setting as a person needs it who wants to change it. */
export interface DescribedSetting {
  path: string;
  /** Of the server’s environment; it goes before what is set. */
  variable: string;
  /** In words: `integer 1–200`, `text`, `a | b`, `list of text`. */
  type: string;
  default: unknown;
  meaning: string;
}

/** Every setting that has a name of its own, in the order of the documentation. */
export function describedSettings(): DescribedSetting[] {
  const paths = new Set(settingPaths());
  const walk = (shape: Shape, before: string): DescribedSetting[] =>
    fieldsOf(shape).flatMap(({ name, shape: inner }) => {
      const path = before ? `${before}.${name}` : name;
      if (!paths.has(path)) return walk(inner, path);
      const type = restOf(inner).properties ? 'map of object by name' : words(inner);
      const { default: absent = null, description: meaning = '' } = inner;
      return [{ path, variable: variableOf(path), type, default: absent, meaning }];
    });
  return walk(shapeOf(settingsSchema, 'input'), '');
}
