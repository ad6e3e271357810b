using System.Diagnostics;
using System.Globalization;
using Relay.Lab.Processes;

namespace Relay.Interop.Tests.Programs;

/// <summary>An nginx of our own that serves HTTPS for many names on one port of 127.0.0.1, as an operator would set it up.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly LabProcess _process;

    private WebServer(LabProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="directory">A new directory of its own.</param>
    /// <param name="sites">What it serves.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<WebServer> StartAsync(
        string directory, IReadOnlyCollection<WebSite> sites, CancellationToken cancellationToken)
    {
        var port = LoopbackPort.Take();
        foreach (var site in sites)
        {
            var root = Directory.CreateDirectory(Path.Combine(directory, site.Name, ".well-known")).FullName;
            site.Certificate.WritePem(CertificateFile(directory, site), KeyFile(directory, site));
            if (site.Policy is { } policy)
            {
                await File.WriteAllTextAsync(Path.Combine(root, "mta-sts.txt"), policy, cancellationToken);
            }
        }

        var configuration = Path.Combine(directory, "nginx.conf");
        var servers = string.Concat(sites.Select(site => Server(directory, site, port)));
        await File.WriteAllTextAsync(configuration, Settings(directory) + servers + "}\n", cancellationToken);
        var start = new ProcessStartInfo(DebianProgram.Nginx.Path, ["-p", directory, "-e", "stderr", "-c", configuration]);
        var process = LabProcess.Start(start, Path.Combine(directory, "nginx.log"));
        try
        {
            // Written when the listening sockets are open.
            await process.WaitForLineAsync(line => line.Contains("event method", StringComparison.Ordinal), cancellationToken);
            return new WebServer(process, port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string CertificateFile(string directory, WebSite site) => Path.Combine(directory, site.Name + ".crt");

    private static string KeyFile(string directory, WebSite site) => Path.Combine(directory, site.Name + ".key");

    // One process, so that it needs no user of its own.
    private static string Settings(string directory) => $$"""
        daemon off;
        master_process off;
        pid {{directory}}/nginx.pid;
        error_log stderr notice;
        events { }
        http {
          access_log off;
          client_body_temp_path {{directory}}/body;
          proxy_temp_path {{directory}}/proxy;
          fastcgi_temp_path {{directory}}/fastcgi;
          uwsgi_temp_path {{directory}}/uwsgi;
          scgi_temp_path {{directory}}/scgi;
          types { text/plain txt; }
          gzip on;
          gzip_types text/plain;
          gzip_min_length 1;

        """;

    private static string Server(string directory, WebSite site, int port) => string.Create(CultureInfo.InvariantCulture, $$"""
          server {
            listen 127.0.0.1:{{port}} ssl http2;
            server_name {{site.Name}};
            ssl_certificate {{CertificateFile(directory, site)}};
            ssl_certificate_key {{KeyFile(directory, site)}};
            root {{Path.Combine(directory, site.Name)}};
            {{site.Directives}}
          }

        """);
}
