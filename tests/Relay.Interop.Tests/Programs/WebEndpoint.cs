using System.Diagnostics;
using System.Globalization;
using Relay.Lab.Processes;

namespace Relay.Interop.Tests.Programs;

/// <summary>An nginx that takes reports: it keeps each body in a file, answers 201 and logs what came.</summary>
internal sealed class WebEndpoint : IAsyncDisposable
{
    private const string Mark = "request ";

    private readonly LabProcess _process;

    private WebEndpoint(LabProcess process, int port) => (_process, Port) = (process, port);

    /// <summary>Its HTTPS port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Requests that came so far.</summary>
    public int Requests => _process.Log.Lines.Count(IsRequest);

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="directory">A new directory of its own.</param>
    /// <param name="certificate">PEM file of the chain.</param>
    /// <param name="key">PEM file of the key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<WebEndpoint> StartAsync(string directory, string certificate, string key, CancellationToken cancellationToken)
    {
        var (port, inner) = (LoopbackPort.Take(), LoopbackPort.Take());
        var configuration = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Settings(directory, (port, inner), certificate, key), cancellationToken);
        var start = new ProcessStartInfo(DebianProgram.Nginx.Path, ["-c", configuration, "-e", "stderr"]);
        var process = LabProcess.Start(start, Path.Combine(directory, "nginx.log"));
        try
        {
            await process.WaitForLineAsync(line => line.Contains("start worker process ", StringComparison.Ordinal), cancellationToken);
            return new WebEndpoint(process, port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Waits for the first request, which is logged after it was answered: method, target, media type, content coding (or
    /// <c>-</c>) and the file with the body.
    /// </summary>
    public async Task<string[]> RequestAsync(CancellationToken cancellationToken) =>
        (await _process.WaitForLineAsync(IsRequest, cancellationToken))[Mark.Length..].Split(' ');

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static bool IsRequest(string line) => line.StartsWith(Mark, StringComparison.Ordinal);

    // Only what is passed on is kept in a file, so the answer comes from a second server of the same nginx.
    private static string Settings(string directory, (int Outer, int Inner) ports, string certificate, string key) => string.Create(
        CultureInfo.InvariantCulture, $$"""
        daemon off;
        user root;
        worker_processes 1;
        pid {{directory}}/nginx.pid;
        error_log stderr notice;
        events { worker_connections 64; }
        http {
            log_format request 'request $request_method $request_uri $content_type $clean_coding $request_body_file';
            map $http_content_encoding $clean_coding { '' '-'; default $http_content_encoding; }
            client_body_temp_path {{directory}}/bodies;
            proxy_temp_path {{directory}}/proxy;
            fastcgi_temp_path {{directory}}/fastcgi;
            uwsgi_temp_path {{directory}}/uwsgi;
            scgi_temp_path {{directory}}/scgi;
            access_log off;
            server {
                listen 127.0.0.1:{{ports.Outer}} ssl;
                ssl_certificate {{certificate}};
                ssl_certificate_key {{key}};
                location / {
                    access_log /dev/stderr request;
                    client_body_in_file_only on;
                    proxy_pass http://127.0.0.1:{{ports.Inner}};
                }
            }
            server {
                listen 127.0.0.1:{{ports.Inner}};
                return 201;
            }
        }

        """);
}
