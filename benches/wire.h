/*
 * What a client asks the measuring server for: a request of BENCH_REQUEST bytes, text, padded with
 * spaces. "D" describes the connection in BENCH_REQUEST bytes; "S count" takes count bytes and answers
 * with one; "G count size" sends count bytes in records of `size`; "E count" sends back count bytes.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#define BENCH_REQUEST 96

#endif
