// SPDX-License-Identifier: MPL-2.0
// The broker's process; see broker.h.
#include "broker.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool broker_init(struct broker *broker, const char *program, const char *config, const char *log)
{
    *broker = (struct broker){.program = program, .config = config, .log = log};
    FILE *file = fopen(config, "re");
    char line[512];
    bool found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = sscanf(line, " http = \"%63[^:\"]:%7[0-9]\"", broker->host, broker->port) == 2;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (!found) {
        fprintf(stderr, "%s does not say where the broker's HTTP server is (server/http).\n", config);
    }
    return found;
}

static void become_broker(const struct broker *broker, pid_t parent)
{
    int log = open(broker->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (log >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent) {
        execl(broker->program, broker->program, broker->config, (char *)NULL);
    }
    _exit(127);
}

bool broker_start(struct broker *broker)
{
    pid_t parent = getpid();
    broker->pid = fork();
    if (broker->pid == 0) {
        become_broker(broker, parent);
    }
    if (broker->pid < 0) {
        broker->pid = 0;
    }
    return broker->pid > 0;
}

bool broker_ready(const struct broker *broker)
{
    static const char question[] = "GET /ready HTTP/1.0\r\n\r\n";
    char answer[16] = "";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found = NULL;
    if (getaddrinfo(broker->host, broker->port, &hints, &found) != 0) {
        return false;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 1};
    bool answered = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                    connect(fd, found->ai_addr, found->ai_addrlen) == 0 &&
                    send(fd, question, sizeof question - 1, MSG_NOSIGNAL) == (ssize_t)sizeof question - 1 &&
                    recv(fd, answer, sizeof answer - 1, MSG_WAITALL) > 0;
    if (fd >= 0) {
        close(fd);
    }
    freeaddrinfo(found);
    return answered && strstr(answer, " 200") != NULL;
}

bool broker_alive(struct broker *broker)
{
    if (broker->pid > 0 && waitpid(broker->pid, NULL, WNOHANG) == broker->pid) {
        broker->pid = 0;
    }
    return broker->pid > 0;
}

void broker_kill9(struct broker *broker)
{
    if (broker->pid > 0) {
        kill(broker->pid, SIGKILL);
        waitpid(broker->pid, NULL, 0);
    }
    broker->pid = 0;
}

bool broker_stop(struct broker *broker)
{
    int status = 0;
    if (broker->pid <= 0) {
        return false;
    }
    kill(broker->pid, SIGTERM);
    pid_t ended = waitpid(broker->pid, &status, 0);
    broker->pid = 0;
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
