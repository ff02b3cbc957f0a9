import { hideValues } from '../../../../activities/command/hide-values';

const ADDRESS = 'mongodb://app:p%40ss-of-the-app@db.example:27017/shop?replicaSet=rs0';

test('the password inside an address is hidden by itself too, written out and decoded', () => {
  const hide = hideValues([ADDRESS]);
  expect(hide('login of app with p@ss-of-the-app failed')).toBe('login of app with *** failed');
  expect(hide('login of app with p%40ss-of-the-app failed')).toBe('login of app with *** failed');
  expect(hide(`cannot reach ${ADDRESS}`)).toBe('cannot reach ***');
});

test('an address without a password hides nothing but itself', () => {
  const hide = hideValues(['https://app.example:8443/path@home']);
  expect(hide('8443/path@home of https://app.example:8443/path@home')).toBe('8443/path@home of ***');
});

test('a password that is no proper escape is hidden as it stands', () => {
  expect(hideValues(['redis://:100%secret@cache:6379'])('auth 100%secret')).toBe('auth ***');
});
