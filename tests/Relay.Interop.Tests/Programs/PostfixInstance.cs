using System.Diagnostics;
using System.Globalization;
using Relay.Lab.Processes;

namespace Relay.Interop.Tests.Programs;

/// <summary>
/// A Postfix of our own: configuration, queue, data and mailboxes in one directory, no chroot, its log on our side of a
/// pipe. Listens on one port of 127.0.0.1 and [::1]; what further settings make of it, an MX or a client, is the caller's.
/// </summary>
internal sealed class PostfixInstance : IAsyncDisposable
{
    private const string Nobody = "65534";
    private readonly LabProcess _process;
    private readonly string _inbox;

    private PostfixInstance(LabProcess process, string inbox, int port)
    {
        (_process, _inbox) = (process, inbox);
        Port = port;
    }

    /// <summary>Where its smtpd listens.</summary>
    public int Port { get; }

    /// <summary>What it logged.</summary>
    public IReadOnlyList<string> Log => _process.Log.Lines;

    /// <summary>Starts an instance and waits until it is up.</summary>
    /// <param name="directory">A new directory of its own; others than root must be able to enter it.</param>
    /// <param name="hostName">Its name, which it greets with.</param>
    /// <param name="mainSettings">Lines for main.cf. An MX names its domains and <c>virtual_mailbox_maps = static:inbox/</c>.</param>
    /// <param name="services">Lines for master.cf.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PostfixInstance> StartAsync(
        string directory, string hostName, string mainSettings, string services, CancellationToken cancellationToken)
    {
        var port = LoopbackPort.Take();
        var configuration = Path.Combine(directory, "config");
        foreach (var name in (string[])["config", "queue", "data", "mail"])
        {
            Directory.CreateDirectory(Path.Combine(directory, name));
        }

        await DebianProgram.RunAsync("/bin/chown", ["postfix", Path.Combine(directory, "data")], [], cancellationToken);
        await DebianProgram.RunAsync("/bin/chown", [Nobody, Path.Combine(directory, "mail")], [], cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(configuration, "main.cf"), MainSettings(directory, hostName) + mainSettings + "\n", cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(configuration, "master.cf"), Services(port) + services + "\n", cancellationToken);
        var start = new ProcessStartInfo(DebianProgram.Postfix.Path, ["-c", configuration, "start-fg"]);
        var process = LabProcess.Start(start, Path.Combine(directory, "postfix.log"));
        try
        {
            await process.WaitForLineAsync(line => line.Contains("daemon started", StringComparison.Ordinal), cancellationToken);
            return new PostfixInstance(process, Path.Combine(directory, "mail", "inbox", "new"), port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for a line of the log.</summary>
    public Task<string> WaitForLogAsync(string part, CancellationToken cancellationToken) =>
        _process.WaitForLineAsync(line => line.Contains(part, StringComparison.Ordinal), cancellationToken);

    /// <summary>Waits for mail to a recipient, who gets one message only.</summary>
    public async Task<ArrivedMessage> ReceiveAsync(string recipient, CancellationToken cancellationToken)
    {
        await _process.WaitForLineAsync(
            line => line.Contains($"to=<{recipient}>", StringComparison.OrdinalIgnoreCase)
                && line.Contains("status=sent (delivered to maildir)", StringComparison.Ordinal),
            cancellationToken);
        foreach (var file in Directory.EnumerateFiles(_inbox))
        {
            var arrived = new ArrivedMessage(await File.ReadAllBytesAsync(file, cancellationToken));
            if (arrived.IsFor(recipient))
            {
                return arrived;
            }
        }

        throw new InvalidOperationException($"Postfix says that it delivered to {recipient}, but {_inbox} has no such message.");
    }

    // start-fg is a shell above the master, which would outlive it after SIGTERM: the whole tree is killed.
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string MainSettings(string directory, string hostName) => $"""
        compatibility_level = 3.6
        queue_directory = {directory}/queue
        data_directory = {directory}/data
        command_directory = /usr/sbin
        daemon_directory = /usr/lib/postfix/sbin
        mail_owner = postfix
        setgid_group = postdrop
        maillog_file = /dev/stdout
        myhostname = {hostName}
        mydestination =
        local_recipient_maps =
        alias_maps =
        default_database_type = hash
        inet_interfaces = 127.0.0.1, ::1
        inet_protocols = all
        mynetworks = 127.0.0.0/8, [::1]/128
        disable_dns_lookups = yes
        smtpd_peername_lookup = no
        in_flow_delay = 0
        local_header_rewrite_clients =
        message_size_limit = 60000000
        mailbox_size_limit = 0
        virtual_mailbox_limit = 0
        virtual_mailbox_base = {directory}/mail
        virtual_uid_maps = static:{Nobody}
        virtual_gid_maps = static:{Nobody}
        virtual_minimum_uid = 100

        """;

    private static string Services(int port) => string.Create(CultureInfo.InvariantCulture, $"""
        127.0.0.1:{port} inet n - n - - smtpd
        [::1]:{port} inet n - n - - smtpd
        pickup unix n - n 60 1 pickup
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        tlsmgr unix - - n 1000? 1 tlsmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        proxymap unix - - n - - proxymap
        smtp unix - - n - - smtp
        error unix - - n - - error
        retry unix - - n - - error
        virtual unix - n n - - virtual
        anvil unix - - n - 1 anvil
        scache unix - - n - 1 scache
        postlog unix-dgram n - n - 1 postlogd

        """);
}
