/** Makes sure that there is a faketime for the tests of wrong clocks and long absences; where there cannot be, says so. */
import { faketimeLibrary } from '../test/e2e/exchange/faketime.ts';
import { installDebianPackage } from './debian-package.ts';

if (faketimeLibrary() === undefined) installDebianPackage('faketime');
console.log(
  faketimeLibrary() === undefined
    ? 'The tests of wrong clocks and long absences will be skipped: there is no faketime here (Debian: apt-get install faketime).'
    : 'The tests of wrong clocks and long absences use faketime.',
);
