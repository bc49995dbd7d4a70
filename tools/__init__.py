"""What set-up needs beside Python packages: the system's own, and the front-end's from npm."""
