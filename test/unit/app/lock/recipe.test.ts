import { expect, test } from 'vitest';
import { recipeOf } from '../../../../src/app/lock/recipe.ts';

test('a recipe follows the source files that it names, in any order, and no others', () => {
  const both = recipeOf(['formats/archive/ar.ts', 'formats/archive/cpio.ts'])();
  expect(both).toMatch(/^[0-9a-f]{64}$/);
  expect(recipeOf(['formats/archive/cpio.ts', 'formats/archive/ar.ts'])()).toBe(both);
  expect(recipeOf(['formats/archive/ar.ts'])()).not.toBe(both);
  expect(recipeOf(['formats'])()).not.toBe(both);
});

test('a source file that is gone is a fault of the code', () => {
  expect(() => recipeOf(['formats/gone.ts'])()).toThrow('gone.ts');
});
