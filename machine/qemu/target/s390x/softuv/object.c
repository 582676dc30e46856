/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object s390-softuv: its options, its life, its text commands.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qapi/qapi-builtin-visit.h"
#include "qemu/error-report.h"
#include "qom/object_interfaces.h"
#include "migration/blocker.h"
#include "sysemu/sysemu.h"
#include "sysemu/tcg.h"
#include "monitor/monitor.h"
#include "hw/boards.h"
#include "cpu.h"
#include "exec/exec-all.h"
#include "softuv-int.h"
#include "trace.h"

static S390Softuv *the_object;
static Error *migration_blocker;

S390Softuv *s390_softuv_object(void)
{
    return the_object;
}

void s390_softuv_offer_features(unsigned long *missing)
{
    if (the_object && tcg_enabled()) {
        clear_bit(S390_FEAT_UVC, missing);
        clear_bit(S390_FEAT_SIE_F2, missing);
    }
}

void s390_softuv_machine_reset(void)
{
    CPUState *cs;

    if (s390_softuv_chip) {
        trace_softuv_reset();
        softuv_reset(s390_softuv_chip);
        softuv_equip_reset(the_object->equip);
        the_object->sie_entries = 0;
        memset(the_object->sie_exits, 0, sizeof(the_object->sie_exits));
        CPU_FOREACH(cs) {
            tlb_flush(cs);
        }
    }
}

/* One line in, one line out; the reply is kept for the property "reply". */
static void run_command(S390Softuv *uv, const char *line)
{
    g_autofree char *reply = NULL;

    while (g_ascii_isspace(*line)) {
        line++;
    }
    if (!s390_softuv_chip) {
        reply = g_strdup("error: the machine is not ready yet");
    } else if (strlen(line) > SOFTUV_LINE_MAX) {
        reply = g_strdup_printf("error: line longer than %d characters",
                                SOFTUV_LINE_MAX);
    } else if (g_str_has_prefix(line, "sie") &&
               (!line[3] || g_ascii_isspace(line[3]))) {
        reply = s390_softuv_sie_command(uv, line + 3);
    } else {
        reply = g_malloc0(SOFTUV_REPLY_MAX);
        softuv_command(uv->equip, line, reply, SOFTUV_REPLY_MAX);
        s390_softuv_flush_after_command(uv);
    }
    trace_softuv_command(line, reply);
    g_free(uv->reply);
    uv->reply = g_steal_pointer(&reply);
}

static void install_rules(S390Softuv *uv)
{
    guint i;

    for (i = 0; i < uv->rules->len; i++) {
        const char *text = g_ptr_array_index(uv->rules, i);
        /* "add" may be left out: the text then begins with key=value */
        bool add = text[strcspn(text, " =")] == '=';
        g_autofree char *line = g_strdup_printf("rule %s%s", add ? "add " : "",
                                                text);

        run_command(uv, line);
        if (!g_str_has_prefix(uv->reply, "ok")) {
            error_report("%s: rule '%s': %s", TYPE_S390_SOFTUV, text,
                         uv->reply);
            exit(1);
        }
    }
}

/* The size of storage is known only now. */
static void softuv_machine_done(Notifier *n, void *unused)
{
    S390Softuv *uv = container_of(n, S390Softuv, machine_done);
    const struct softuv_config cfg = {
        .size = sizeof(cfg),
        .mem_size = current_machine->ram_size,
        .host_key = uv->host_key,
        .backup_key = uv->backup_key_file ? uv->backup_key : NULL,
        .no_guest = uv->sie_mode != SOFTUV_SIE_RUN,
    };
    Error *err = NULL;

    if (!tcg_enabled()) {
        error_report("%s: needs -accel tcg", TYPE_S390_SOFTUV);
        exit(1);
    }
    if (softuv_version() != SOFTUV_VERSION) {
        error_report("%s: libsoftuv has interface %u, not %u", TYPE_S390_SOFTUV,
                     softuv_version(), SOFTUV_VERSION);
        exit(1);
    }
    s390_softuv_chip = softuv_new(&cfg, &s390_softuv_ops, uv);
    if (s390_softuv_chip) {
        uv->equip = softuv_equip_new(s390_softuv_chip);
    }
    if (!uv->equip) {
        error_report("%s: cannot create the Ultravisor: %s", TYPE_S390_SOFTUV,
                     strerror(errno));
        exit(1);
    }
    s390_softuv_check_devices();
    s390_softuv_watch_dma();
    error_setg(&migration_blocker, "%s: the state of the Ultravisor cannot "
               "be migrated", TYPE_S390_SOFTUV);
    if (migrate_add_blocker(migration_blocker, &err) < 0) {
        error_report_err(err);
        exit(1);
    }
    install_rules(uv);
}

void hmp_info_softuv(Monitor *mon, const QDict *qdict)
{
    static const char *const lines[] = { "stats", "confs", "cpus", "rule list" };
    g_autofree char *reply = g_malloc0(SOFTUV_REPLY_MAX);
    g_autofree char *sie = NULL;
    int i;

    if (!s390_softuv_chip) {
        monitor_printf(mon, "no %s\n", TYPE_S390_SOFTUV);
        return;
    }
    sie = s390_softuv_sie_command(the_object, "");
    monitor_printf(mon, "sie: %s\n", sie);
    for (i = 0; i < ARRAY_SIZE(lines); i++) {
        softuv_command(the_object->equip, lines[i], reply,
                             SOFTUV_REPLY_MAX);
        monitor_printf(mon, "%s: %s\n", lines[i], reply);
    }
}

static void softuv_complete(UserCreatable *uc, Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(uc);

    if (phase_check(PHASE_MACHINE_READY)) {
        error_setg(errp, "%s can only be given on the command line",
                   TYPE_S390_SOFTUV);
        return;
    }
    if (the_object) {
        error_setg(errp, "only one %s is possible", TYPE_S390_SOFTUV);
        return;
    }
    if (!uv->host_key_file) {
        error_setg(errp, "%s: property 'host-key' is missing: it names the PEM "
                   "file of a P-521 private key", TYPE_S390_SOFTUV);
        return;
    }
    if (s390_softuv_load_key(uv->host_key_file, uv->host_key, errp) < 0) {
        return;
    }
    if (uv->backup_key_file &&
        s390_softuv_load_key(uv->backup_key_file, uv->backup_key, errp) < 0) {
        return;
    }
    the_object = uv;
    s390_softuv_watch_devices();
    uv->machine_done.notify = softuv_machine_done;
    qemu_add_machine_init_done_notifier(&uv->machine_done);
}

static bool softuv_can_be_deleted(UserCreatable *uc)
{
    /* CPUs hold on to the chip without a lock. */
    return S390_SOFTUV(uc) != the_object;
}

static char *get_host_key(Object *obj, Error **errp)
{
    return g_strdup(S390_SOFTUV(obj)->host_key_file);
}

static void set_host_key(Object *obj, const char *value, Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(obj);

    if (uv == the_object) {
        error_setg(errp, "the host key cannot be changed any more");
        return;
    }
    g_free(uv->host_key_file);
    uv->host_key_file = g_strdup(value);
}

static char *get_backup_key(Object *obj, Error **errp)
{
    return g_strdup(S390_SOFTUV(obj)->backup_key_file);
}

static void set_backup_key(Object *obj, const char *value, Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(obj);

    if (uv == the_object) {
        error_setg(errp, "the backup host key cannot be changed any more");
        return;
    }
    g_free(uv->backup_key_file);
    uv->backup_key_file = g_strdup(value);
}

static char *get_sie(Object *obj, Error **errp)
{
    return g_strdup(s390_softuv_sie_modes[S390_SOFTUV(obj)->sie_mode]);
}

static void set_sie(Object *obj, const char *value, Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(obj);
    int i;

    if (uv == the_object) {
        error_setg(errp, "'sie' cannot be changed any more");
        return;
    }
    for (i = 0; i < SOFTUV_SIE__MAX; i++) {
        if (!strcmp(value, s390_softuv_sie_modes[i])) {
            uv->sie_mode = i;
            return;
        }
    }
    error_setg(errp, "sie='%s': use 'off' (the instruction does not exist), "
               "'null' (it executes no guest instruction) or 'run' (it executes "
               "guests)", value);
}

static void get_rules(Object *obj, Visitor *v, const char *name, void *opaque,
                      Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(obj);
    strList *list = NULL, **tail = &list;
    guint i;

    for (i = 0; i < uv->rules->len; i++) {
        QAPI_LIST_APPEND(tail, g_strdup(g_ptr_array_index(uv->rules, i)));
    }
    visit_type_strList(v, name, &list, errp);
    qapi_free_strList(list);
}

static void set_rules(Object *obj, Visitor *v, const char *name, void *opaque,
                      Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(obj);
    strList *list = NULL, *l;

    if (uv == the_object) {
        error_setg(errp, "use the property 'command' to change rules");
        return;
    }
    if (!visit_type_strList(v, name, &list, errp)) {
        return;
    }
    for (l = list; l; l = l->next) {
        g_ptr_array_add(uv->rules, g_strdup(l->value));
    }
    qapi_free_strList(list);
}

static void set_command(Object *obj, const char *value, Error **errp)
{
    S390Softuv *uv = S390_SOFTUV(obj);

    if (uv != the_object) {
        error_setg(errp, "'command' is for a running machine; use 'rule'");
        return;
    }
    run_command(uv, value);
}

static char *get_reply(Object *obj, Error **errp)
{
    return g_strdup(S390_SOFTUV(obj)->reply);
}

static void softuv_init(Object *obj)
{
    S390Softuv *uv = S390_SOFTUV(obj);

    uv->rules = g_ptr_array_new_with_free_func(g_free);
    uv->reply = g_strdup("error: no command yet");
}

static void softuv_finalize(Object *obj)
{
    S390Softuv *uv = S390_SOFTUV(obj);

    g_free(uv->host_key_file);
    g_free(uv->backup_key_file);
    g_free(uv->reply);
    g_ptr_array_free(uv->rules, true);
}

static void softuv_class_init(ObjectClass *oc, void *data)
{
    UserCreatableClass *ucc = USER_CREATABLE_CLASS(oc);

    ucc->complete = softuv_complete;
    ucc->can_be_deleted = softuv_can_be_deleted;

    object_class_property_add_str(oc, "host-key", get_host_key, set_host_key);
    object_class_property_set_description(oc, "host-key",
        "PEM file with the host key's P-521 private key");
    object_class_property_add_str(oc, "backup-key", get_backup_key,
                                  set_backup_key);
    object_class_property_set_description(oc, "backup-key",
        "PEM file with the backup host key's private key");
    object_class_property_add_str(oc, "sie", get_sie, set_sie);
    object_class_property_set_description(oc, "sie",
        "off, null or run");
    object_class_property_add(oc, "rule", "strList", get_rules, set_rules,
                              NULL, NULL);
    object_class_property_set_description(oc, "rule",
        "text command 'rule ...' to run at start, may be given several times");
    object_class_property_add_str(oc, "command", NULL, set_command);
    object_class_property_set_description(oc, "command",
        "text command to run now (qom-set)");
    object_class_property_add_str(oc, "reply", get_reply, NULL);
    object_class_property_set_description(oc, "reply",
        "reply to the last command (qom-get)");
}

static const TypeInfo softuv_info = {
    .name = TYPE_S390_SOFTUV,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(S390Softuv),
    .instance_init = softuv_init,
    .instance_finalize = softuv_finalize,
    .class_init = softuv_class_init,
    .interfaces = (InterfaceInfo[]) {
        { TYPE_USER_CREATABLE },
        { }
    },
};

static void softuv_register_types(void)
{
    type_register_static(&softuv_info);
}
type_init(softuv_register_types)
