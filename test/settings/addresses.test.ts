import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AddressMap, ListenAddress } from '../../src/settings/host-port.ts';
import { HttpUrl, isLoopbackUrl } from '../../src/settings/http-url.ts';

describe('ListenAddress', () => {
  it.for([
    { text: '127.0.0.1:9795', parts: { host: '127.0.0.1', port: 9795 } },
    { text: 'localhost:0', parts: { host: 'localhost', port: 0 } },
    { text: '[::1]:65535', parts: { host: '::1', port: 65_535 } },
  ])('reads $text and writes it back', ({ text, parts }) => {
    expect(ListenAddress.parse(text)).toEqual(parts);
    expect(z.encode(ListenAddress, parts)).toBe(text);
  });

  it.for([
    '9795',
    ':9795',
    'localhost',
    'localhost:',
    'localhost:65536',
    '::1:9795',
    'http://localhost:1',
    9795,
  ])('refuses %j', (input) => expect(ListenAddress.safeParse(input).success).toBe(false));
});

describe('AddressMap', () => {
  it('maps announced addresses to dialled ones', () => {
    const map = { 'pageserver2:9898': 'localhost:9899', '[fd00::2]:9898': '10.0.0.2:1' };
    expect(AddressMap.parse(map)).toEqual(map);
  });

  it.for([
    { case: 'a URL as address', map: { 'pageserver2:9898': 'http://localhost:9899' } },
    { case: 'an announced name without port', map: { pageserver2: 'localhost:9899' } },
    { case: 'port 0, which cannot be dialled', map: { 'pageserver2:9898': 'localhost:0' } },
    { case: 'a list', map: ['pageserver2:9898'] },
  ])('refuses $case', ({ map }) => {
    expect(AddressMap.safeParse(map).success).toBe(false);
  });
});

describe('HttpUrl', () => {
  it.for([
    { text: 'http://localhost:1234', url: 'http://localhost:1234' },
    { text: 'http://localhost:1234/', url: 'http://localhost:1234' },
    { text: 'https://neon.example/storcon/', url: 'https://neon.example/storcon' },
    { text: 'http://[::1]:1234', url: 'http://[::1]:1234' },
  ])('reads $text', ({ text, url }) => {
    expect(HttpUrl.parse(text)).toBe(url);
  });

  it.for([
    { case: 'no scheme', text: 'localhost:1234' },
    { case: 'another scheme', text: 'ftp://localhost' },
    { case: 'a user and password', text: 'http://admin:hunter2@localhost' },
    { case: 'a user alone', text: 'http://admin@localhost' },
    { case: 'a password with a slash', text: 'http://admin:/hunter2@localhost' },
    { case: 'a query', text: 'http://localhost?x=1' },
    { case: 'an empty query', text: 'http://localhost?' },
    { case: 'a fragment', text: 'http://localhost#x' },
    { case: 'a line feed at the end', text: 'http://localhost\n' },
    { case: 'a port that is none', text: 'http://localhost:99999' },
  ])('refuses $case, without repeating it', ({ text }) => {
    const { success, error } = HttpUrl.safeParse(text);
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues.map(({ message }) => message))).not.toContain('hunter2');
  });

  it('reads back what it read, for any host, port and path', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http', 'https'] }), (text) => {
        fc.pre(!text.includes('@'));
        const url = HttpUrl.parse(text);
        expect(HttpUrl.parse(z.encode(HttpUrl, url))).toBe(url);
      }),
    );
  });
});

describe('isLoopbackUrl', () => {
  it.for([
    { url: 'http://localhost:1234', loopback: true },
    { url: 'http://127.8.9.1:1', loopback: true },
    { url: 'http://[::1]:1', loopback: true },
    { url: 'http://a.localhost', loopback: true },
    { url: 'http://localhost.example', loopback: false },
    { url: 'http://10.0.0.1', loopback: false },
    { url: 'http://127.example', loopback: false },
  ])('$url: $loopback', ({ url, loopback }) => expect(isLoopbackUrl(url)).toBe(loopback));
});
