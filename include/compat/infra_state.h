/*
 * State codes: what the handlers of ITE_STATE_* are told, and what many functions return.
 *
 * Those down to -0x03FF are the Link SDK's, by its names; codes of modules that are not here are
 * left out. Conditions that the Link SDK has no code for have LINKSDK_STATE_ names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef __INFRA_STATE_H__
#define __INFRA_STATE_H__

#define STATE_SUCCESS                                 (0)

/* Arguments and settings of the program */
#define STATE_USER_INPUT_NULL_POINTER                 (-0x0101)
#define STATE_USER_INPUT_OUT_RANGE                    (-0x0102)
#define STATE_USER_INPUT_PK                           (-0x0103)
#define STATE_USER_INPUT_PS                           (-0x0104)
#define STATE_USER_INPUT_DN                           (-0x0105)
#define STATE_USER_INPUT_DS                           (-0x0106)
#define STATE_USER_INPUT_HTTP_DOMAIN                  (-0x0107)
#define STATE_USER_INPUT_MQTT_DOMAIN                  (-0x0108)
#define STATE_USER_INPUT_HTTP_PORT                    (-0x0109)
#define STATE_USER_INPUT_HTTP_TIMEOUT                 (-0x010A)
#define STATE_USER_INPUT_HTTP_OPTION                  (-0x010B)
#define STATE_USER_INPUT_HTTP_POST_DATA               (-0x010C)
#define STATE_USER_INPUT_HTTP_URL                     (-0x010D)
#define STATE_USER_INPUT_HTTP_PATH                    (-0x010E)
#define STATE_USER_INPUT_META_INFO                    (-0x010F)
#define STATE_USER_INPUT_DEVID                        (-0x0110)
#define STATE_USER_INPUT_DEVICE_TYPE                  (-0x0111)
#define STATE_USER_INPUT_MSG_TYPE                     (-0x0112)
#define STATE_USER_INPUT_INVALID                      (-0x0113)

/* Operating system and network */
#define STATE_SYS_DEPEND_MALLOC                       (-0x0201)
#define STATE_SYS_DEPEND_KV_GET                       (-0x0202)
#define STATE_SYS_DEPEND_KV_SET                       (-0x0203)
#define STATE_SYS_DEPEND_KV_DELETE                    (-0x0204)
#define STATE_SYS_DEPEND_MUTEX_CREATE                 (-0x0205)
#define STATE_SYS_DEPEND_MUTEX_LOCK                   (-0x0206)
#define STATE_SYS_DEPEND_MUTEX_UNLOCK                 (-0x0207)
#define STATE_SYS_DEPEND_NWK_CLOSE                    (-0x0208)
#define STATE_SYS_DEPEND_NWK_TIMEOUT                  (-0x0209)
#define STATE_SYS_DEPEND_NWK_INVALID_HANDLE           (-0x020A)
#define STATE_SYS_DEPEND_NWK_READ_ERROR               (-0x020B)
#define STATE_SYS_DEPEND_SEMAPHORE_CREATE             (-0x020C)
#define STATE_SYS_DEPEND_SEMAPHORE_WAIT               (-0x020D)
#define STATE_SYS_DEPEND_SNPRINTF                     (-0x020E)
#define STATE_SYS_DEPEND_FIRMWAIRE_WIRTE              (-0x020F)

/* MQTT */
#define STATE_MQTT_CONNACK_VERSION_UNACCEPT           (-0x0301)
#define STATE_MQTT_CONNACK_IDENT_REJECT               (-0x0302)
#define STATE_MQTT_CONNACK_SERVICE_NA                 (-0x0303)
#define STATE_MQTT_CONNACK_NOT_AUTHORIZED             (-0x0304)
#define STATE_MQTT_CONNACK_BAD_USERDATA               (-0x0305)
#define STATE_MQTT_WAIT_RECONN_TIMER                  (-0x0306)
#define STATE_MQTT_SIGN_HOSTNAME_BUF_SHORT            (-0x0307)
#define STATE_MQTT_SIGN_USERNAME_BUF_SHORT            (-0x0308)
#define STATE_MQTT_SIGN_CLIENTID_BUF_SHORT            (-0x0309)
#define STATE_MQTT_SIGN_SOURCE_BUF_SHORT              (-0x030A)
#define STATE_MQTT_WRAPPER_INIT_FAIL                  (-0x030B)
#define STATE_MQTT_SERIALIZE_CONN_ERROR               (-0x030C)
#define STATE_MQTT_SERIALIZE_PUBACK_ERROR             (-0x030D)
#define STATE_MQTT_SERIALIZE_PINGREQ_ERROR            (-0x030E)
#define STATE_MQTT_SERIALIZE_SUB_ERROR                (-0x030F)
#define STATE_MQTT_SERIALIZE_UNSUB_ERROR              (-0x0310)
#define STATE_MQTT_SERIALIZE_PUB_ERROR                (-0x0311)
#define STATE_MQTT_DESERIALIZE_CONNACK_ERROR          (-0x0312)
#define STATE_MQTT_DESERIALIZE_SUBACK_ERROR           (-0x0313)
#define STATE_MQTT_DESERIALIZE_PUB_ERROR              (-0x0314)
#define STATE_MQTT_DESERIALIZE_UNSUBACK_ERROR         (-0x0315)
#define STATE_MQTT_PACKET_READ_ERROR                  (-0x0316)
#define STATE_MQTT_CONNACK_UNKNOWN_ERROR              (-0x0317)
#define STATE_MQTT_RX_BUFFER_TOO_SHORT                (-0x0318)
#define STATE_MQTT_TX_BUFFER_TOO_SHORT                (-0x0319)
#define STATE_MQTT_TOPIC_BUF_TOO_SHORT                (-0x031A)
#define STATE_MQTT_CONN_RETRY_EXCEED_MAX              (-0x031B)
#define STATE_MQTT_QOS1_REPUB_EXCEED_MAX              (-0x031C)
#define STATE_MQTT_PUB_QOS_INVALID                    (-0x031D)
#define STATE_MQTT_IN_OFFLINE_STATUS                  (-0x031E)
#define STATE_MQTT_RECV_UNKNOWN_PACKET                (-0x031F)
#define STATE_MQTT_CLI_EXCEED_MAX                     (-0x0320)
#define STATE_MQTT_SUB_EXCEED_MAX                     (-0x0321)
#define STATE_MQTT_UNEXP_TOPIC_FORMAT                 (-0x0322)
#define STATE_MQTT_SYNC_SUB_TIMEOUT                   (-0x0323)
#define STATE_MQTT_ASYNC_STACK_CONN_IN_PROG           (-0x0324)
#define STATE_MQTT_ASYNC_STACK_NOT_SUPPORT            (-0x0325)
#define STATE_MQTT_ASYNC_STACK_UNKNOWN_EVENT          (-0x0326)
#define STATE_MQTT_CONN_USER_INFO                     (-0x0327)
#define STATE_MQTT_SUB_INFO                           (-0x0328)
#define STATE_MQTT_PUB_INFO                           (-0x0329)

/* Of this library */
/* No device certificate was found: the connection authenticates the server only. */
#define LINKSDK_STATE_TLS_NO_DEVICE_CERTIFICATE       (-0x0F01)
/* The device certificate or key cannot be used. */
#define LINKSDK_STATE_TLS_DEVICE_CREDENTIALS          (-0x0F02)
/* The device certificate and the key do not belong together, or one of them is missing. */
#define LINKSDK_STATE_TLS_CREDENTIALS_MISMATCH        (-0x0F03)
/* The device certificate has expired or is not valid yet. */
#define LINKSDK_STATE_TLS_DEVICE_CERTIFICATE_DATES    (-0x0F04)
/* No usable trust anchor was given. */
#define LINKSDK_STATE_TLS_TRUST_ANCHORS               (-0x0F05)
/* The server's certificate was not accepted: chain, name, dates or use. */
#define LINKSDK_STATE_TLS_SERVER_CERTIFICATE          (-0x0F06)
/* The server refused the device's certificate. */
#define LINKSDK_STATE_TLS_DEVICE_CERTIFICATE_REFUSED  (-0x0F07)
/* The TLS handshake failed for another reason. */
#define LINKSDK_STATE_TLS_HANDSHAKE                   (-0x0F08)
/* The host name could not be resolved. */
#define LINKSDK_STATE_NETWORK_DNS                     (-0x0F09)
/* No address of the host accepted a TCP connection. */
#define LINKSDK_STATE_NETWORK_CONNECT                 (-0x0F0A)
/* The deadline passed before the connection was ready. */
#define LINKSDK_STATE_NETWORK_DEADLINE                (-0x0F0B)
/* The peer broke the TLS protocol on an established connection. */
#define LINKSDK_STATE_TLS_PROTOCOL                    (-0x0F0C)
/* The device's certificate or the root that the server's leads to ends within 30 days. */
#define LINKSDK_STATE_TLS_CERTIFICATE_EXPIRES         (-0x0F0D)
/* The TLS engine of this build cannot do what was asked for. */
#define LINKSDK_STATE_TLS_UNSUPPORTED                 (-0x0F0E)
/* A message on the identity topic was not valid; nothing was changed. */
#define LINKSDK_STATE_IDENTITY_INVALID                (-0x0F10)
/* The platform did not push an identity in time. */
#define LINKSDK_STATE_IDENTITY_TIMEOUT                (-0x0F11)
/* A packet from the server breaks MQTT 3.1.1; the connection was closed. */
#define LINKSDK_STATE_MQTT_PROTOCOL                   (-0x0F12)
/* Informational: how long the client waits before it tries to connect again. */
#define LINKSDK_STATE_MQTT_RECONNECT_WAIT             (-0x0F13)

#endif
